import { Link, NavLink, Outlet } from 'react-router';
import { ChunkBoundary } from '../components/ChunkBoundary';
import { Icon, type IconName } from '../components/Icon';
import { Logo } from '../components/Logo';
import { useProfile } from './profile';
import { useRouteFocus } from './useRouteFocus';
import './Layout.css';

interface Section {
  to: string;
  label: string;
  icon: IconName;
}

const SECTIONS: Section[] = [
  { to: '/plans', label: 'Plans', icon: 'plans' },
  { to: '/recommendations', label: 'For you', icon: 'star' },
  { to: '/usage', label: 'Usage', icon: 'chart' },
];
const PROFILE: Section = { to: '/profile', label: 'Profile', icon: 'person' };
const SIGN_IN: Section = { to: '/sign-in', label: 'Sign in', icon: 'person' };

export function Layout() {
  const profile = useProfile();
  const stranger = profile.status === 'failed' && profile.error.status === 401;
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="site-header">
        <div className="site-header__inner">
          <Link to="/" className="brand" aria-label="TreeBeard home">
            <Logo />
            <span>TreeBeard</span>
          </Link>
          <nav aria-label="Main" className="site-nav">
            <ul>
              {[...SECTIONS, stranger ? SIGN_IN : PROFILE].map(({ to, label, icon }) => (
                <li key={to}>
                  <NavLink to={to}>
                    <Icon name={icon} />
                    {label}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <ChunkBoundary what="this page">
          <Outlet />
          <RouteFocus />
        </ChunkBoundary>
      </main>
      <footer className="site-footer">
        <p>TreeBeard compares electricity plans. Prices are estimates, not offers.</p>
      </footer>
    </>
  );
}

/** Beside the page, so that it acts once the page's code has come and its heading is there. */
function RouteFocus() {
  useRouteFocus();
  return null;
}

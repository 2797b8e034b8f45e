import { Link, NavLink, Outlet } from 'react-router';
import { Icon, type IconName } from '../components/Icon';
import { Logo } from '../components/Logo';
import { useRouteFocus } from './useRouteFocus';
import './Layout.css';

const SECTIONS: { to: string; label: string; icon: IconName }[] = [
  { to: '/plans', label: 'Plans', icon: 'plans' },
  { to: '/recommendations', label: 'For you', icon: 'star' },
  { to: '/usage', label: 'Usage', icon: 'chart' },
  { to: '/profile', label: 'Profile', icon: 'person' },
];

export function Layout() {
  useRouteFocus();
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
              {SECTIONS.map(({ to, label, icon }) => (
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
        <Outlet />
      </main>
      <footer className="site-footer">
        <p>TreeBeard compares electricity plans. Prices are estimates, not offers.</p>
      </footer>
    </>
  );
}

import { Link } from 'react-router';
import { TreeRings } from '../../components/TreeRings';
import { usePageTitle } from '../../hooks/usePageTitle';
import { BestMatch } from './BestMatch';
import { ZipSearch } from './ZipSearch';
import './HomePage.css';

export function HomePage() {
  usePageTitle('Electricity plans that fit');
  return (
    <>
      <section className="hero">
        <TreeRings />
        <div className="hero__inner">
          <p className="hero__eyebrow">Electricity, compared patiently</p>
          <h1 tabIndex={-1}>Find a plan you won’t outgrow.</h1>
          <p className="hero__lead">
            TreeBeard reads the small print of every plan near you: rates, fees, contracts, and
            where the power comes from.
          </p>
          <ZipSearch />
        </div>
      </section>
      <div className="page page--home">
        <BestMatch />
        <section aria-labelledby="ways">
          <h2 id="ways">Three ways in</h2>
          <ul className="ways">
            <li>
              <h3>
                <Link to="/plans">Browse the catalogue</Link>
              </h3>
              <p>Filter by rate, contract and renewable share. Every filter is a link to share.</p>
            </li>
            <li>
              <h3>
                <Link to="/recommendations">See what suits you</Link>
              </h3>
              <p>Three plans scored against what matters to you, with the reasons spelled out.</p>
            </li>
            <li>
              <h3>
                <Link to="/usage">Understand your usage</Link>
              </h3>
              <p>Up to two years of power and cost, month by month, as charts and as a table.</p>
            </li>
          </ul>
        </section>
      </div>
    </>
  );
}

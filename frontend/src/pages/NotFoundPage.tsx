import { Link } from 'react-router';
import { Page } from '../components/Page';

export function NotFoundPage() {
  return (
    <Page title="Page not found" lead="Nothing grows at this address.">
      <p className="actions">
        <Link to="/plans" className="button">
          Browse plans
        </Link>
        <Link to="/" className="button button--quiet">
          Go home
        </Link>
      </p>
    </Page>
  );
}

import type { CatalogPage } from '../../api/types';
import type { Resource } from '../../hooks/useApi';
import { plural } from '../../lib/format';

/** Tells how many plans matched; screen readers hear it change. */
export function ResultCount({ catalog }: { catalog: Resource<CatalogPage> }) {
  return (
    <p role="status" className="result-count">
      {summary(catalog)}
    </p>
  );
}

function summary(catalog: Resource<CatalogPage>): string {
  if (catalog.status === 'failed') return '';
  const result = catalog.status === 'ready' ? catalog.data : catalog.stale;
  if (result === undefined) return 'Looking for plans…';
  const { total, page, total_pages: pages } = result;
  return pages > 1 ? `${plural(total, 'plan')}, page ${page} of ${pages}` : plural(total, 'plan');
}

import { Link } from 'react-router';
import { changeFilters, filtersToSearch, type PlanFilters } from '../../lib/filters';

interface PaginationProps {
  page: number;
  totalPages: number;
  filters: PlanFilters;
  onTurn: () => void;
}

/** Links, so that pages can be opened in tabs and shared. */
export function Pagination({ page, totalPages, filters, onTurn }: PaginationProps) {
  if (totalPages <= 1) return null;
  const to = (target: number) => {
    const change = { page: target === 1 ? undefined : target };
    return { pathname: '/plans', search: filtersToSearch(changeFilters(filters, change)) };
  };
  return (
    <nav aria-label="Pages of results" className="pagination">
      {page > 1 && (
        <Link to={to(page - 1)} rel="prev" onClick={onTurn} className="button button--quiet">
          Previous
        </Link>
      )}
      <span>
        Page {page} of {totalPages}
      </span>
      {page < totalPages && (
        <Link to={to(page + 1)} rel="next" onClick={onTurn} className="button button--quiet">
          Next
        </Link>
      )}
    </nav>
  );
}

import { useRef } from 'react';
import { useParams } from 'react-router';
import { apiUrl } from '../../api/client';
import { EmptyState } from '../../components/EmptyState';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { useApi } from '../../hooks/useApi';
import { FilterPanel } from './FilterPanel';
import { Pagination } from './Pagination';
import { PlanCard } from './PlanCard';
import { PlanOverlay } from './PlanOverlay';
import { ResultCount } from './ResultCount';
import { NO_FILTERS } from '../../lib/filters';
import { usePlanFilters } from './usePlanFilters';
import './PlansPage.css';

const PAGE_SIZE = 12;

/** The catalogue; at /plans/{id} with that plan's dialog open above it. */
export function PlansPage() {
  const { planId } = useParams();
  const { filters, setFilters } = usePlanFilters();
  const results = useRef<HTMLElement>(null);
  const catalog = useApi(
    apiUrl('/api/v1/plans/catalog', { ...filters, page: filters.page ?? 1, page_size: PAGE_SIZE }),
  );

  /** For controls that their own effect may remove: the focus would be lost with them. */
  const goToResults = () => {
    results.current?.focus({ preventScroll: true });
    results.current?.scrollIntoView();
  };

  return (
    <Page title="Electricity plans" lead="Every plan near you, priced the same way.">
      <div className="plans">
        <FilterPanel filters={filters} onChange={setFilters} />
        <section ref={results} tabIndex={-1} aria-label="Plans" className="plans__results">
          <ResultCount catalog={catalog} />
          <Loaded resource={catalog} what="plans" blocks={6}>
            {(page) =>
              page.items.length === 0 ? (
                <EmptyState title="No plan matches all of these filters">
                  <p>Loosen one of them, or start over.</p>
                  <button
                    type="button"
                    className="button"
                    onClick={() => {
                      setFilters(NO_FILTERS);
                      goToResults();
                    }}
                  >
                    Clear filters
                  </button>
                </EmptyState>
              ) : (
                <>
                  <ul className="plan-grid">
                    {page.items.map((plan) => (
                      <li key={plan.plan_id}>
                        <PlanCard plan={plan} />
                      </li>
                    ))}
                  </ul>
                  <Pagination
                    page={page.page}
                    totalPages={page.total_pages}
                    filters={filters}
                    onTurn={goToResults}
                  />
                </>
              )
            }
          </Loaded>
        </section>
      </div>
      {planId !== undefined && <PlanOverlay key={planId} planId={planId} />}
    </Page>
  );
}

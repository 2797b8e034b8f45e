import { Link } from 'react-router';
import { EmptyState } from '../../components/EmptyState';
import { Icon } from '../../components/Icon';
import { Loaded } from '../../components/Loaded';
import { useRecommendations } from '../../hooks/useRecommendations';
import { formatWholeMoney } from '../../lib/format';
import { firstYear, savingSentence } from '../../lib/savings';

/** The first recommendation, in one line. */
export function BestMatch() {
  const recommendations = useRecommendations();
  return (
    <section aria-labelledby="best-match" className="best-match">
      <h2 id="best-match">Your best match</h2>
      <Loaded resource={recommendations} what="your best match" blocks={1}>
        {(set) => {
          const best = set?.items[0];
          return best === undefined ? (
            <EmptyState title="Nothing to suggest yet">
              <p>Once we know a few months of your usage, your best match appears here.</p>
            </EmptyState>
          ) : (
            <div className="best-match__card">
              <div>
                <p className="best-match__plan">{best.plan.plan_name}</p>
                <p>
                  {best.plan.supplier.name}, about{' '}
                  {formatWholeMoney(best.projected_annual_cost_cents)}{' '}
                  {firstYear(best.switching_cost_cents)}
                </p>
              </div>
              <p className="best-match__saving">
                {savingSentence(best.annual_savings_cents, best.switching_cost_cents)}
              </p>
              <Link to="/recommendations" className="button">
                Why this plan <Icon name="arrow" />
              </Link>
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

import { Link } from 'react-router';
import { EmptyState } from '../../components/EmptyState';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { useRecommendations } from '../../hooks/useRecommendations';
import { formatDate } from '../../lib/format';
import { RecommendationCard } from './RecommendationCard';

export function RecommendationsPage() {
  const recommendations = useRecommendations();
  return (
    <Page
      title="Recommended for you"
      lead="The plans that do best on what you told us matters, at the power you really use."
    >
      <Loaded resource={recommendations} what="your recommendations">
        {({ items, generated_at }) =>
          items.length === 0 ? (
            <EmptyState title="Nothing to suggest yet">
              <p>
                We need a few months of usage first. Meanwhile,{' '}
                <Link to="/plans">browse plans</Link>.
              </p>
            </EmptyState>
          ) : (
            <>
              <ol className="recommendations">
                {items.map((item) => (
                  <li key={item.plan.plan_id}>
                    <RecommendationCard recommendation={item} />
                  </li>
                ))}
              </ol>
              <p className="fine-print">Worked out on {formatDate(generated_at)}.</p>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

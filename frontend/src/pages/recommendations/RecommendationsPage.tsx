import { useState } from 'react';
import { Link } from 'react-router';
import { EmptyState } from '../../components/EmptyState';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { useRecommendations } from '../../hooks/useRecommendations';
import { formatDate } from '../../lib/format';
import { Recompute } from './Recompute';
import { RecommendationCard } from './RecommendationCard';

export default function RecommendationsPage() {
  const [version, setVersion] = useState(0);
  const recommendations = useRecommendations(version);
  const recompute = (
    <Recompute
      onDone={() => {
        setVersion(version + 1);
      }}
    />
  );
  return (
    <Page
      title="Recommended for you"
      lead="The plans that do best on what you told us matters, at the power you really use."
    >
      <Loaded resource={recommendations} what="your recommendations">
        {(set) =>
          set === undefined || set.items.length === 0 ? (
            <EmptyState title="Nothing to suggest yet">
              <p>
                We need three months of usage: <Link to="/usage">add yours</Link>, then work it out.
                Meanwhile, <Link to="/plans">browse plans</Link>.
              </p>
              {recompute}
            </EmptyState>
          ) : (
            <>
              <ol className="recommendations">
                {set.items.map((item) => (
                  <li key={item.plan.plan_id}>
                    <RecommendationCard recommendation={item} />
                  </li>
                ))}
              </ol>
              <p className="fine-print">Worked out on {formatDate(set.generated_at)}.</p>
              {recompute}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

import { Link } from 'react-router';
import type { Profile } from '../../api/types';
import { Bar } from '../../components/Bar';
import { EmptyState } from '../../components/EmptyState';
import { formatDate, formatRate } from '../../lib/format';
import { contractProgress } from '../../lib/plan';

export function CurrentPlan({ current }: { current: Profile['current_plan'] }) {
  if (current === null) {
    return (
      <EmptyState title="No plan on file">
        <p>
          <Link to="/plans">Browse plans</Link> to find your first.
        </p>
      </EmptyState>
    );
  }
  const { plan, started_on, contract_ends_on } = current;
  return (
    <>
      <p className="current-plan__name">
        <Link to={`/plans/${plan.plan_id}`}>{plan.plan_name}</Link>
      </p>
      <p>
        {plan.supplier.name}, {formatRate(plan.average_cents_per_kwh)} per kWh,{' '}
        {plan.renewable_percentage}% renewable
      </p>
      {contract_ends_on !== null && (
        <Bar value={contractProgress(started_on, contract_ends_on, new Date())} tone="amber" />
      )}
      <p className="current-plan__dates">
        <span>Since {formatDate(started_on)}</span>
        <span>
          {contract_ends_on === null
            ? 'No contract'
            : `Contract ends ${formatDate(contract_ends_on)}`}
        </span>
      </p>
    </>
  );
}

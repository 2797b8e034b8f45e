import { Link, useLocation } from 'react-router';
import type { PlanSummary } from '../../api/types';
import { Bar } from '../../components/Bar';
import { Rating } from '../../components/Rating';
import { formatMoney, formatRate } from '../../lib/format';
import { contractLabel, PLAN_TYPES, RATE_TYPES } from '../../lib/plan';
import { planLinkId } from './planLink';
import './PlanCard.css';

export function PlanCard({ plan }: { plan: PlanSummary }) {
  const { search } = useLocation();
  return (
    <article className="plan-card">
      <p className="plan-card__supplier">
        {plan.supplier.name} <Rating value={plan.supplier.rating} />
      </p>
      <h2 className="plan-card__name">
        <Link
          id={planLinkId(plan.plan_id)}
          to={{ pathname: `/plans/${plan.plan_id}`, search }}
          state={{ fromCatalogue: true }}
          preventScrollReset
        >
          {plan.plan_name}
        </Link>
      </h2>
      <p className="plan-card__price">
        <strong>{formatRate(plan.average_cents_per_kwh)}</strong> per kWh
        <span className="plan-card__fee">
          {plan.monthly_fee_cents > 0
            ? `plus ${formatMoney(plan.monthly_fee_cents)} a month`
            : 'no monthly fee'}
        </span>
      </p>
      <ul className="tags">
        <li>{PLAN_TYPES[plan.plan_type]}</li>
        <li>{RATE_TYPES[plan.rate_type]}</li>
        <li>{contractLabel(plan.contract_length_months)}</li>
      </ul>
      <div className="plan-card__renewable">
        <Bar value={plan.renewable_percentage / 100} />
        <span>{plan.renewable_percentage}% renewable</span>
      </div>
    </article>
  );
}

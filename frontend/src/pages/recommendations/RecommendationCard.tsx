import { Link } from 'react-router';
import type { Recommendation } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Rating } from '../../components/Rating';
import { formatRate, formatWholeMoney } from '../../lib/format';
import { contractLabel } from '../../lib/plan';
import { breakEvenSentence, firstYear, savingSentence } from '../../lib/savings';
import { ScoreRings } from './ScoreRings';
import './RecommendationCard.css';

export function RecommendationCard({ recommendation }: { recommendation: Recommendation }) {
  const { plan, rank, score, scores, reasons, risk_flags: risks } = recommendation;
  const { switching_cost_cents: switching, break_even_months: months } = recommendation;
  const breakEven = breakEvenSentence(switching, months);
  return (
    <article className={rank === 1 ? 'recommendation recommendation--best' : 'recommendation'}>
      <div>
        <p className="recommendation__rank">{rank === 1 ? 'Best match' : `Match ${rank}`}</p>
        <h2>
          <Link to={`/plans/${plan.plan_id}`}>{plan.plan_name}</Link>
        </h2>
        <p className="recommendation__supplier">
          {plan.supplier.name} <Rating value={plan.supplier.rating} />
        </p>
        <p className="recommendation__cost">
          <strong>{formatWholeMoney(recommendation.projected_annual_cost_cents)}</strong>{' '}
          {firstYear(switching)}{' '}
          <span className="recommendation__saving">
            {savingSentence(recommendation.annual_savings_cents, switching)}
          </span>
        </p>
        {breakEven !== undefined && <p className="recommendation__supplier">{breakEven}</p>}
        <ul className="tags">
          <li>{formatRate(plan.average_cents_per_kwh)} per kWh</li>
          <li>{contractLabel(plan.contract_length_months)}</li>
          <li>{plan.renewable_percentage}% renewable</li>
        </ul>
      </div>
      <div className="recommendation__why">
        <Points title="Why it suits you" icon="check" points={reasons} />
        <Points title="Worth knowing" icon="warning" points={risks} />
      </div>
      <ScoreRings score={score} scores={scores} />
    </article>
  );
}

interface PointsProps {
  title: string;
  icon: 'check' | 'warning';
  points: string[];
}

function Points({ title, icon, points }: PointsProps) {
  if (points.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className={`points points--${icon}`}>
        {points.map((point) => (
          <li key={point}>
            <Icon name={icon} />
            {point}
          </li>
        ))}
      </ul>
    </>
  );
}

import type { Preferences } from '../../api/types';
import { Bar } from '../../components/Bar';

const LABELS = {
  cost: 'Low cost',
  renewables: 'Renewable energy',
  flexibility: 'Freedom to leave',
  supplier_rating: 'A well-rated supplier',
} as const satisfies Record<keyof Preferences, string>;

/** The weights, heaviest first. */
export function PreferenceBars({ preferences }: { preferences: Preferences }) {
  const weights = (Object.keys(LABELS) as (keyof Preferences)[])
    .map((key) => ({ key, weight: preferences[key] }))
    .sort((a, b) => b.weight - a.weight);
  return (
    <dl className="preferences">
      {weights.map(({ key, weight }) => (
        <div key={key}>
          <dt>{LABELS[key]}</dt>
          <dd>
            <span>{weight}</span>
            <Bar value={weight / 100} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

import type { Preferences } from '../../api/types';
import { Bar } from '../../components/Bar';
import { PREFERENCES } from '../../lib/preferences';

/** The weights, heaviest first. */
export function PreferenceBars({ preferences }: { preferences: Preferences }) {
  const weights = (Object.keys(PREFERENCES) as (keyof Preferences)[])
    .map((key) => ({ key, weight: preferences[key] }))
    .sort((a, b) => b.weight - a.weight);
  return (
    <dl className="preferences">
      {weights.map(({ key, weight }) => (
        <div key={key}>
          <dt>{PREFERENCES[key]}</dt>
          <dd>
            <span>{weight}</span>
            <Bar value={weight / 100} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

import type { Preferences } from '../api/types';

/** The preferences in the order in which people are asked for them. */
export const PREFERENCES = {
  cost: 'Low cost',
  renewables: 'Renewable energy',
  flexibility: 'Freedom to leave',
  supplier_rating: 'A well-rated supplier',
} as const satisfies Record<keyof Preferences, string>;

const KEYS = Object.keys(PREFERENCES) as (keyof Preferences)[];
const TOTAL = 100;

/**
 * Gives `key` the weight `value` and scales the others, so that all are whole and sum to 100.
 * The others keep their proportions; what rounding leaves goes to those that it took most from.
 */
export function rebalance(
  weights: Preferences,
  key: keyof Preferences,
  value: number,
): Preferences {
  const rest = TOTAL - value;
  const others = KEYS.filter((other) => other !== key);
  const before = others.reduce((sum, other) => sum + weights[other], 0);
  const exact = (other: keyof Preferences) =>
    before === 0 ? rest / others.length : (weights[other] * rest) / before;
  const result = { ...weights, [key]: value };
  for (const other of others) result[other] = Math.floor(exact(other));
  const missing = rest - others.reduce((sum, other) => sum + result[other], 0);
  const byLoss = others.toSorted((a, b) => exact(b) - result[b] - (exact(a) - result[a]));
  for (const other of byLoss.slice(0, missing)) result[other] += 1;
  return result;
}

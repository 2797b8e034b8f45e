import { formatWholeMoney } from './format';

/** A year's saving against the current plan in words; negative cents are extra cost. */
export function savingSentence(cents: number): string {
  if (cents > 0) return `Saves ${formatWholeMoney(cents)} a year`;
  if (cents < 0) return `Costs ${formatWholeMoney(-cents)} more a year`;
  return 'Costs the same as your plan';
}

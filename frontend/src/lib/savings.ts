import { formatWholeMoney, plural } from './format';

/** The time that a first year's figures are about: fees that are paid once make it unlike the years after. */
export function firstYear(switching: number): string {
  return switching === 0 ? 'a year' : 'in the first year';
}

/**
 * What the first year saves against the current plan, in words; negative cents are extra cost, and
 * without a current plan there is nothing to compare with.
 */
export function savingSentence(cents: number | null, switching: number): string {
  if (cents === null) return 'No current plan to compare with';
  if (cents > 0) return `Saves ${formatWholeMoney(cents)} ${firstYear(switching)}`;
  if (cents < 0) return `Costs ${formatWholeMoney(-cents)} more ${firstYear(switching)}`;
  return `Costs the same as your plan${switching === 0 ? '' : ' in the first year'}`;
}

/** When a switch has paid for itself, in words; nothing to say when it costs nothing. */
export function breakEvenSentence(switching: number, months: number | null): string | undefined {
  if (switching === 0) return undefined;
  const cost = `Switching costs ${formatWholeMoney(switching)}`;
  return months === null ? cost : `${cost}, paid back after ${plural(months, 'month')}`;
}

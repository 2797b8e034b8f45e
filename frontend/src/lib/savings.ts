import { formatWholeMoney, plural } from './format';

/** A year's saving against the current plan in words; negative cents are extra cost. */
export function savingSentence(cents: number): string {
  if (cents > 0) return `Saves ${formatWholeMoney(cents)} a year`;
  if (cents < 0) return `Costs ${formatWholeMoney(-cents)} more a year`;
  return 'Costs the same as your plan';
}

/** When a switch has paid for itself, in words; nothing to say when it costs nothing. */
export function breakEvenSentence(switching: number, months: number | null): string | undefined {
  if (switching === 0) return undefined;
  const cost = `Switching costs ${formatWholeMoney(switching)}`;
  return months === null ? cost : `${cost}, paid back after ${plural(months, 'month')}`;
}

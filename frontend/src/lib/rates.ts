import type { RateStructure } from '../api/types';
import { formatCount, formatHour, formatRate } from './format';

export interface RateRows {
  heading: string;
  note?: string;
  rows: { when: string; price: string }[];
}

/** Puts a plan's prices into words, row by row. */
export function rateRows(rates: RateStructure): RateRows {
  switch (rates.type) {
    case 'fixed':
      return {
        heading: 'One price, fixed for the contract',
        rows: [{ when: 'Any time', price: formatRate(rates.cents_per_kwh) }],
      };
    case 'tiered':
      return {
        heading: 'The price depends on how much you use in a month',
        rows: rates.tiers.map((tier, index) => ({
          when: tierName(rates.tiers[index - 1]?.up_to_kwh ?? 0, tier.up_to_kwh ?? undefined),
          price: formatRate(tier.cents_per_kwh),
        })),
      };
    case 'time_of_use':
      return {
        heading: 'The price depends on the time of day',
        rows: rates.periods.map((period) => ({
          when: `${period.name}, ${formatHour(period.start_hour)} to ${formatHour(period.end_hour)}`,
          price: formatRate(period.cents_per_kwh),
        })),
      };
    case 'variable':
      return {
        heading: 'The price follows the market',
        rows: [{ when: 'Now', price: formatRate(rates.cents_per_kwh) }],
        note: `Never below ${formatRate(rates.min_cents_per_kwh)} or above ${formatRate(rates.max_cents_per_kwh)}.`,
      };
  }
}

function tierName(from: number, to: number | undefined): string {
  if (to === undefined) return `Above ${formatCount(from)} kWh`;
  if (from === 0) return `First ${formatCount(to)} kWh`;
  return `${formatCount(from)} to ${formatCount(to)} kWh`;
}

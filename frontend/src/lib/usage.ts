import type { UsageMonth } from '../api/types';

/** In cents. */
export const totalCost = (months: UsageMonth[]) =>
  months.reduce((total, { cost_cents }) => total + cost_cents, 0);

/** The month with the highest usage; the earliest of equals. */
export const busiestMonth = (months: UsageMonth[]): UsageMonth | undefined =>
  months.reduce<UsageMonth | undefined>(
    (busiest, month) => (busiest === undefined || month.kwh > busiest.kwh ? month : busiest),
    undefined,
  );

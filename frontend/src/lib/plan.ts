import type { PlanSummary, PlanType, RateType } from '../api/types';
import { plural } from './format';

export const PLAN_TYPES = {
  residential: 'Home',
  ev: 'Electric car',
  business: 'Business',
} as const satisfies Record<PlanType, string>;

export const RATE_TYPES = {
  fixed: 'Fixed rate',
  tiered: 'Tiered rate',
  time_of_use: 'Time of use',
  variable: 'Variable rate',
} as const satisfies Record<RateType, string>;

/** A usual month of a mid-sized home, so that plans with and without a fee can be compared. */
export const TYPICAL_MONTH_KWH = 1000;

/** What a month of `kwh` costs at the plan's average rate, in cents. */
export const monthlyBill = (plan: PlanSummary, kwh: number) =>
  Math.round(plan.average_cents_per_kwh * kwh) + plan.monthly_fee_cents;

/** A plan without a contract has a length of 0. */
export const contractLabel = (months: number) =>
  months === 0 ? 'No contract' : plural(months, 'month');

/** How far a contract has run, from 0 to 1. */
export function contractProgress(startedOn: string, endsOn: string, now: Date): number {
  const start = Date.parse(startedOn);
  const end = Date.parse(endsOn);
  if (end <= start) return 1;
  return Math.min(1, Math.max(0, (now.getTime() - start) / (end - start)));
}

import { describe, expect, it } from 'vitest';
import { summary } from '../../test/fixtures';
import { contractLabel, contractProgress, monthlyBill } from './plan';
import { busiestMonth, totalCost } from './usage';

it('adds the monthly fee to the price of the power', () => {
  expect(monthlyBill(summary, 1000)).toBe(12_845);
  expect(monthlyBill(summary, 0)).toBe(495);
});

it('names contract lengths', () => {
  expect([0, 1, 12].map(contractLabel)).toEqual(['No contract', '1 month', '12 months']);
});

describe('contract progress', () => {
  const at = (now: string) => contractProgress('2026-01-01', '2027-01-01', new Date(now));

  it('runs from 0 to 1 and no further', () => {
    expect(at('2025-06-01')).toBe(0);
    expect(at('2026-07-02T12:00:00Z')).toBeCloseTo(0.5, 3);
    expect(at('2030-01-01')).toBe(1);
  });

  it('is over for a contract that ends as it starts', () => {
    expect(contractProgress('2026-01-01', '2026-01-01', new Date('2025-01-01'))).toBe(1);
  });
});

describe('usage', () => {
  const months = [
    { month: '2026-07', days: 30, kwh: 900, cost_cents: 100 },
    { month: '2026-08', days: 30, kwh: 950, cost_cents: 250 },
    { month: '2026-09', days: 30, kwh: 950, cost_cents: 50 },
  ];

  it('adds up cost and finds the busiest month', () => {
    expect(totalCost(months)).toBe(400);
    expect(busiestMonth(months)?.month).toBe('2026-08');
    expect(busiestMonth([])).toBeUndefined();
  });
});

import { expect, it } from 'vitest';
import { plan } from '../../test/fixtures';
import { rateRows } from './rates';

it('names tiers by their range', () => {
  expect(rateRows(plan.rate_structure).rows).toEqual([
    { when: 'First 500 kWh', price: '11.0¢' },
    { when: '500 to 1,200 kWh', price: '12.5¢' },
    { when: 'Above 1,200 kWh', price: '15.0¢' },
  ]);
});

it('names periods by their hours', () => {
  const periods = [{ name: 'Off-peak', start_hour: 22, end_hour: 6, cents_per_kwh: 7.1 }];
  expect(rateRows({ type: 'time_of_use', periods }).rows).toEqual([
    { when: 'Off-peak, 10 pm to 6 am', price: '7.1¢' },
  ]);
});

it('tells the bounds of a variable rate', () => {
  const rates = { cents_per_kwh: 9, min_cents_per_kwh: 7.5, max_cents_per_kwh: 21 };
  expect(rateRows({ type: 'variable', ...rates }).note).toBe('Never below 7.5¢ or above 21.0¢.');
});

it('has one row for a fixed rate', () => {
  expect(rateRows({ type: 'fixed', cents_per_kwh: 12 }).rows).toEqual([
    { when: 'Any time', price: '12.0¢' },
  ]);
});

import { expect, it } from 'vitest';
import { rebalance } from './preferences';

const START = { cost: 40, flexibility: 20, renewables: 30, supplier_rating: 10 };
const sum = (weights: typeof START) => Object.values(weights).reduce((a, b) => a + b, 0);

it('keeps the proportions of the others', () => {
  expect(rebalance(START, 'cost', 70)).toEqual({
    cost: 70,
    flexibility: 10,
    renewables: 15,
    supplier_rating: 5,
  });
});

it('always gives whole weights that sum to 100', () => {
  let weights = START;
  for (let value = 0; value <= 100; value += 1) {
    for (const key of ['cost', 'flexibility', 'renewables', 'supplier_rating'] as const) {
      weights = rebalance(weights, key, value);
      expect(sum(weights)).toBe(100);
      expect(weights[key]).toBe(value);
      expect(Object.values(weights).every((w) => Number.isInteger(w) && w >= 0)).toBe(true);
    }
  }
});

it('shares out what nobody had', () => {
  const all = { cost: 100, flexibility: 0, renewables: 0, supplier_rating: 0 };
  expect(rebalance(all, 'cost', 10)).toEqual({
    cost: 10,
    flexibility: 30,
    renewables: 30,
    supplier_rating: 30,
  });
});

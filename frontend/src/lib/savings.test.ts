import { expect, it } from 'vitest';
import { breakEvenSentence, firstYear, savingSentence } from './savings';

it('says what a year saves or costs', () => {
  expect(savingSentence(32_760, 0)).toBe('Saves $328 a year');
  expect(savingSentence(-1_900, 0)).toBe('Costs $19 more a year');
  expect(savingSentence(0, 0)).toBe('Costs the same as your plan');
});

it('tells a first year with fees of its own from those after it', () => {
  expect(savingSentence(32_760, 1_500)).toBe('Saves $328 in the first year');
  expect(savingSentence(-1_900, 1_500)).toBe('Costs $19 more in the first year');
  expect(savingSentence(0, 1_500)).toBe('Costs the same as your plan in the first year');
  expect([firstYear(0), firstYear(1)]).toEqual(['a year', 'in the first year']);
});

it('compares with nothing where no current plan is known', () => {
  expect(savingSentence(null, 1_500)).toBe('No current plan to compare with');
  expect(breakEvenSentence(1_500, null)).toBe('Switching costs $15');
});

it('says when a switch has paid for itself', () => {
  expect(breakEvenSentence(1_500, 1)).toBe('Switching costs $15, paid back after 1 month');
  expect(breakEvenSentence(0, 0)).toBeUndefined();
});

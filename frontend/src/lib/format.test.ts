import { describe, expect, it } from 'vitest';
import {
  formatDate,
  formatHour,
  formatKwh,
  formatMoney,
  formatMonth,
  formatRate,
  formatWholeMoney,
  plural,
} from './format';

describe('money', () => {
  it('shows cents as dollars', () => {
    expect(formatMoney(1250)).toBe('$12.50');
    expect(formatMoney(0)).toBe('$0.00');
    expect(formatMoney(-199)).toBe('-$1.99');
    expect(formatMoney(123_456_789)).toBe('$1,234,567.89');
  });

  it('rounds where cents are noise', () => {
    expect(formatWholeMoney(125_049)).toBe('$1,250');
    expect(formatWholeMoney(125_050)).toBe('$1,251');
  });

  it('shows rates in cents with one or two decimals', () => {
    expect(formatRate(12)).toBe('12.0¢');
    expect(formatRate(12.345)).toBe('12.35¢');
  });
});

describe('dates', () => {
  it('keeps the calendar day whatever the time zone', () => {
    expect(formatDate('2026-11-01')).toBe('November 1, 2026');
    expect(formatDate('2026-11-01T23:59:59Z')).toBe('November 1, 2026');
    expect(formatMonth('2026-01')).toBe('Jan 2026');
  });

  it('names hours as people do', () => {
    expect([0, 6, 12, 17, 24].map(formatHour)).toEqual(['12 am', '6 am', '12 pm', '5 pm', '12 am']);
  });
});

it('groups thousands and counts nouns', () => {
  expect(formatKwh(1234.5)).toBe('1,235 kWh');
  expect(plural(1, 'plan')).toBe('1 plan');
  expect(plural(1200, 'plan')).toBe('1,200 plans');
});

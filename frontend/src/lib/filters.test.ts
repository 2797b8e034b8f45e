import { describe, expect, it } from 'vitest';
import {
  changeFilters,
  countFilters,
  filtersToSearch,
  NO_FILTERS,
  parseFilters,
  type PlanFilters,
} from './filters';

const all: PlanFilters = {
  zip_code: '75201',
  plan_type: 'ev',
  rate_type: 'time_of_use',
  min_renewable: 50,
  max_contract_length: 12,
  page: 3,
};
const parse = (search: string) => parseFilters(new URLSearchParams(search));

describe('filters in the address bar', () => {
  it('survive the round trip', () => {
    expect(parse(filtersToSearch(all))).toEqual(all);
    expect(parse('')).toEqual({});
    expect(filtersToSearch({})).toBe('');
  });

  it('give one address, in whatever order they were set', () => {
    expect(filtersToSearch({ zip_code: '75201', page: 2 })).toBe('page=2&zip_code=75201');
    expect(filtersToSearch({ page: 2, zip_code: '75201' })).toBe('page=2&zip_code=75201');
  });

  it.each([
    'zip_code=7520',
    'zip_code=7520a',
    'plan_type=castle',
    'plan_type=toString',
    'rate_type=',
    'min_renewable=0',
    'min_renewable=101',
    'min_renewable=-5',
    'min_renewable=5e1',
    'max_contract_length=121',
    'max_contract_length=1.5',
    'page=1',
    'page=0',
    'page=x',
    'unknown=1',
  ])('ignore %s', (search) => {
    expect(parse(search)).toEqual({});
  });

  it('keep a contract length of 0, which is no contract', () => {
    expect(parse('max_contract_length=0')).toEqual({ max_contract_length: 0 });
  });
});

describe('changing filters', () => {
  it('goes back to the first page', () => {
    expect(changeFilters({ plan_type: 'ev', page: 3 }, { min_renewable: 80 })).toEqual({
      plan_type: 'ev',
      min_renewable: 80,
    });
  });

  it('keeps the others when only the page changes', () => {
    expect(changeFilters(all, { page: 4 })).toEqual({ ...all, page: 4 });
  });

  it('removes what becomes undefined', () => {
    expect(changeFilters({ zip_code: '75201' }, { zip_code: undefined })).toEqual({});
    expect(changeFilters(all, NO_FILTERS)).toEqual({});
  });

  it('counts filters, not the page', () => {
    expect(countFilters(all)).toBe(5);
    expect(countFilters({ page: 2 })).toBe(0);
  });
});

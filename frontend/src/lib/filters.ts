import type { PlanType, RateType } from '../api/types';
import { PLAN_TYPES, RATE_TYPES } from './plan';

/** The catalogue's filters. They live in the address bar under the API's own names. */
export interface PlanFilters {
  zip_code?: string;
  plan_type?: PlanType;
  rate_type?: RateType;
  /** Percent, 1 to 100. */
  min_renewable?: number;
  /** Months; 0 is no contract. */
  max_contract_length?: number;
  /** From 1. */
  page?: number;
}

export const isZipCode = (text: string) => /^\d{5}$/.test(text);

/** Reads filters from a query string; what is absent or makes no sense is left out. */
export function parseFilters(search: URLSearchParams): PlanFilters {
  const zip = search.get('zip_code');
  return defined({
    zip_code: zip !== null && isZipCode(zip) ? zip : undefined,
    plan_type: member(PLAN_TYPES, search.get('plan_type')),
    rate_type: member(RATE_TYPES, search.get('rate_type')),
    min_renewable: integer(search.get('min_renewable'), 1, 100),
    max_contract_length: integer(search.get('max_contract_length'), 0, 120),
    page: integer(search.get('page'), 2, 1_000_000),
  });
}

/** The query string of `filters`, without its `?`: always the same for the same filters. */
export function filtersToSearch(filters: PlanFilters): string {
  const search = new URLSearchParams(
    Object.entries(filters).map(([name, value]) => [name, String(value)]),
  );
  search.sort();
  return search.toString();
}

/** `filters` with `change` applied (undefined removes), back on the first page of results. */
export function changeFilters(filters: PlanFilters, change: Changes): PlanFilters {
  return defined({ ...filters, page: undefined, ...change });
}

export type Changes = { [Name in keyof PlanFilters]?: PlanFilters[Name] | undefined };

/** The change that removes every filter. */
export const NO_FILTERS: Changes = {
  zip_code: undefined,
  plan_type: undefined,
  rate_type: undefined,
  min_renewable: undefined,
  max_contract_length: undefined,
};

/** How many filters are set; the page is none. */
export const countFilters = (filters: PlanFilters) =>
  Object.keys(filters).filter((name) => name !== 'page').length;

const defined = (changes: Changes) =>
  Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  ) as PlanFilters;

function member<Key extends string>(labels: Record<Key, string>, text: string | null) {
  return text !== null && Object.hasOwn(labels, text) ? (text as Key) : undefined;
}

function integer(text: string | null, min: number, max: number): number | undefined {
  if (text === null || !/^\d+$/.test(text)) return undefined;
  const n = Number(text);
  return n >= min && n <= max ? n : undefined;
}

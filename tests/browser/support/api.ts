import { expect, type APIRequestContext } from '@playwright/test';

/** What the API behind the site says: the tests hold whatever data it was seeded with. */
export async function api<T>(request: APIRequestContext, path: string): Promise<T> {
  const response = await request.get(`/api/v1${path}`);
  expect(response.status(), path).toBe(200);
  return (await response.json()) as T;
}

export interface Catalog {
  total: number;
  items: { plan_id: string; plan_name: string; renewable_percentage: number }[];
}

export interface Usage {
  months: { month: string; kwh: number }[];
}

/** Any plan, for tests that need one. */
export async function anyPlan(request: APIRequestContext) {
  const { items } = await api<Catalog>(request, '/plans/catalog?page_size=1');
  const [plan] = items;
  if (plan === undefined) throw new Error('the catalogue is empty');
  return plan;
}

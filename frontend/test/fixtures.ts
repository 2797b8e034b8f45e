import type { Session } from '../src/api/session';
import type {
  CatalogPage,
  Plan,
  PlanSummary,
  Profile,
  UsageAnalysis,
  UsageHistory,
} from '../src/api/types';

export const summary: PlanSummary = {
  plan_id: 'plan_0042',
  plan_name: 'Evergreen 12',
  supplier: { supplier_id: 'sup_1', name: 'Fangorn Power', rating: 4.6 },
  plan_type: 'residential',
  rate_type: 'tiered',
  average_cents_per_kwh: 12.35,
  monthly_fee_cents: 495,
  contract_length_months: 12,
  early_termination_fee_cents: 15000,
  renewable_percentage: 80,
};

export const plan: Plan = {
  ...summary,
  description: 'Cheap for small homes.',
  connection_fee_cents: 0,
  available_regions: ['750', '751'],
  rate_structure: {
    type: 'tiered',
    tiers: [
      { up_to_kwh: 500, cents_per_kwh: 11 },
      { up_to_kwh: 1200, cents_per_kwh: 12.5 },
      { up_to_kwh: null, cents_per_kwh: 15 },
    ],
  },
};

export const catalog = (items: PlanSummary[], total = items.length): CatalogPage => ({
  items,
  total,
  page: 1,
  page_size: 12,
  total_pages: Math.ceil(total / 12),
  has_next: total > 12,
  has_previous: false,
});

export const profile: Profile = {
  user_id: 'user_123',
  name: 'Marigold Underhill',
  email: 'marigold@example.com',
  zip_code: '75201',
  member_since: '2024-03-18T09:00:00Z',
  preferences: { cost: 40, flexibility: 15, renewables: 30, supplier_rating: 15 },
  current_plan: null,
};

export const usage: UsageHistory = {
  user_id: 'user_123',
  months: [
    { month: '2026-09', days: 30, kwh: 900, cost_cents: 11_000 },
    { month: '2026-10', days: 31, kwh: 1234.4, cost_cents: 15_050 },
  ],
  total_kwh: 2134.4,
  average_monthly_kwh: 1067.2,
};

export const analysis: UsageAnalysis = {
  user_id: 'user_123',
  months_of_data: 3,
  highest: null,
  lowest: null,
  projection: {
    annual_kwh: 12_000,
    annual_cost_cents: 150_000,
    months: Array.from({ length: 12 }, (_, index) => ({
      month: index + 1,
      kwh: 900 + index * 10,
      seasonal_index: 1,
      observed: index < 3,
    })),
  },
};

export const session: Session = {
  user_id: 'user_123',
  access_token: 'access-1',
  refresh_token: 'refresh-1',
  token_type: 'Bearer',
  expires_in: 900,
};

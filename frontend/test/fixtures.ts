import type { CatalogPage, Plan, PlanSummary, Profile, UsageHistory } from '../src/api/types';

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

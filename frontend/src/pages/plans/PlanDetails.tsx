import * as Dialog from '@radix-ui/react-dialog';
import type { Plan } from '../../api/types';
import { Bar } from '../../components/Bar';
import { Facts } from '../../components/Facts';
import { Rating } from '../../components/Rating';
import { usePageTitle } from '../../hooks/usePageTitle';
import { formatCount, formatMoney, formatRate } from '../../lib/format';
import { contractLabel, monthlyBill, PLAN_TYPES, TYPICAL_MONTH_KWH } from '../../lib/plan';
import { RateTable } from './RateTable';

export function PlanDetails({ plan }: { plan: Plan }) {
  usePageTitle(plan.plan_name);
  return (
    <>
      <p className="dialog__eyebrow">
        {plan.supplier.name} <Rating value={plan.supplier.rating} />
      </p>
      <Dialog.Title className="dialog__title">{plan.plan_name}</Dialog.Title>
      <p>{plan.description}</p>
      <p className="dialog__bill">
        <strong>{formatMoney(monthlyBill(plan, TYPICAL_MONTH_KWH))}</strong> a month at{' '}
        {formatCount(TYPICAL_MONTH_KWH)} kWh
      </p>
      <div className="dialog__renewable">
        <Bar value={plan.renewable_percentage / 100} />
        <span>{plan.renewable_percentage}% renewable</span>
      </div>
      <RateTable rates={plan.rate_structure} />
      <Facts
        facts={{
          For: PLAN_TYPES[plan.plan_type],
          'Average price': `${formatRate(plan.average_cents_per_kwh)} per kWh`,
          Contract: contractLabel(plan.contract_length_months),
          'Monthly fee': moneyOrNone(plan.monthly_fee_cents),
          'Connection fee': moneyOrNone(plan.connection_fee_cents),
          'Leaving early': moneyOrNone(plan.early_termination_fee_cents),
          'ZIP codes starting with': plan.available_regions.join(', '),
        }}
      />
    </>
  );
}

const moneyOrNone = (cents: number) => (cents === 0 ? 'None' : formatMoney(cents));

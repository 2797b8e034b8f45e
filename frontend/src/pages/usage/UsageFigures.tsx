import type { UsageHistory } from '../../api/types';
import { formatKwh, formatMonth, formatWholeMoney } from '../../lib/format';
import { busiestMonth, totalCost } from '../../lib/usage';

/** The history in four numbers. */
export function UsageFigures({ history }: { history: UsageHistory }) {
  const busiest = busiestMonth(history.months);
  return (
    <dl className="figures">
      <div>
        <dt>Total</dt>
        <dd>{formatKwh(history.total_kwh)}</dd>
      </div>
      <div>
        <dt>A month</dt>
        <dd>{formatKwh(history.average_monthly_kwh)}</dd>
      </div>
      <div>
        <dt>Cost</dt>
        <dd>{formatWholeMoney(totalCost(history.months))}</dd>
      </div>
      {busiest !== undefined && (
        <div>
          <dt>Busiest month</dt>
          <dd>{formatMonth(busiest.month)}</dd>
        </div>
      )}
    </dl>
  );
}

import type { UsageMonth } from '../../api/types';
import { formatKwh, formatMoney, formatMonth } from '../../lib/format';

/** The charts' numbers, for those who cannot see charts or want the numbers. */
export function UsageTable({ months }: { months: UsageMonth[] }) {
  return (
    <details className="disclosure usage-table">
      <summary>The same as a table</summary>
      <table>
        <caption className="visually-hidden">Usage and cost by month</caption>
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col">Usage</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <tbody>
          {months.map(({ month, kwh, cost_cents }) => (
            <tr key={month}>
              <th scope="row">{formatMonth(month)}</th>
              <td>{formatKwh(kwh)}</td>
              <td>{formatMoney(cost_cents)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

import type { RateStructure } from '../../api/types';
import { rateRows } from '../../lib/rates';

/** What a kWh costs, when. */
export function RateTable({ rates }: { rates: RateStructure }) {
  const { heading, note, rows } = rateRows(rates);
  return (
    <table className="rates">
      <caption>{heading}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">When</th>
          <th scope="col">Price per kWh</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ when, price }) => (
          <tr key={when}>
            <th scope="row">{when}</th>
            <td>{price}</td>
          </tr>
        ))}
      </tbody>
      {note !== undefined && (
        <tfoot>
          <tr>
            <td colSpan={2}>{note}</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

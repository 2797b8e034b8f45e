import { apiUrl } from '../../api/client';
import type { YearOutlook } from '../../api/types';
import { Bar } from '../../components/Bar';
import { Loaded } from '../../components/Loaded';
import { useApi } from '../../hooks/useApi';
import { formatKwh, formatMonthName, formatWholeMoney } from '../../lib/format';

const ANALYSIS = apiUrl('/api/v1/usage/analysis', {});

/** The year to expect, from the seasons of the months that are known. */
export function Outlook({ version }: { version: number }) {
  const analysis = useApi(ANALYSIS, version);
  return (
    <section aria-labelledby="outlook" className="outlook">
      <h2 id="outlook">The year to expect</h2>
      <Loaded resource={analysis} what="your year" blocks={1}>
        {({ projection, months_of_data }) =>
          projection === null ? (
            <p>
              Three months of usage are enough to work it out; there are {months_of_data} so far.
            </p>
          ) : (
            <Year outlook={projection} />
          )
        }
      </Loaded>
    </section>
  );
}

function Year({ outlook: { annual_kwh, annual_cost_cents, months } }: { outlook: YearOutlook }) {
  const most = Math.max(...months.map(({ kwh }) => kwh), 1);
  const estimated = months.filter(({ observed }) => !observed).length;
  return (
    <>
      <p>
        About {formatKwh(annual_kwh)}, which costs {formatWholeMoney(annual_cost_cents)} at the
        prices you paid.
        {estimated > 0 &&
          ` ${estimated} of the months are estimated from a typical household’s year.`}
      </p>
      <dl className="outlook__months">
        {months.map(({ month, kwh, observed }) => (
          <div key={month}>
            <dt>{formatMonthName(month)}</dt>
            <dd>
              <Bar value={kwh / most} tone={observed ? 'leaf' : 'amber'} />
            </dd>
            <dd>{formatKwh(kwh)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

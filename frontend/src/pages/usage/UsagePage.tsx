import { lazy, useState } from 'react';
import { useSearchParams } from 'react-router';
import { apiUrl } from '../../api/client';
import { ChunkBoundary } from '../../components/ChunkBoundary';
import { Choice } from '../../components/Choice';
import { EmptyState } from '../../components/EmptyState';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { useApi } from '../../hooks/useApi';
import { Outlook } from './Outlook';
import { UploadForm } from './UploadForm';
import { UsageFigures } from './UsageFigures';
import { UsageTable } from './UsageTable';
import './UsagePage.css';

const UsageCharts = lazy(() => import('./UsageCharts'));

const SPANS = [
  { value: '6', label: '6 months' },
  { value: '12', label: '12 months' },
  { value: '24', label: '24 months' },
] as const;
const DEFAULT_SPAN = '12';

export default function UsagePage() {
  const [search, setSearch] = useSearchParams();
  const span = SPANS.find(({ value }) => value === search.get('months'))?.value ?? DEFAULT_SPAN;
  const [version, setVersion] = useState(0);
  const usage = useApi(apiUrl('/api/v1/usage/history', { months: Number(span) }), version);
  return (
    <Page title="Your usage" lead="The power you used and what it cost, month by month.">
      <Choice
        legend="Show the last"
        options={SPANS}
        value={span}
        onChange={(months) => {
          setSearch(months === DEFAULT_SPAN ? {} : { months });
        }}
      />
      <Loaded resource={usage} what="your usage">
        {(history) =>
          history.months.length === 0 ? (
            <EmptyState title="No usage yet">
              <p>Upload your first readings below.</p>
            </EmptyState>
          ) : (
            <>
              <UsageFigures history={history} />
              <ChunkBoundary what="the charts">
                <UsageCharts months={history.months} />
              </ChunkBoundary>
              <UsageTable months={history.months} />
            </>
          )
        }
      </Loaded>
      <Outlook version={version} />
      <UploadForm
        onUploaded={() => {
          setVersion(version + 1);
        }}
      />
    </Page>
  );
}

import { lazy } from 'react';
import { apiUrl } from '../../api/client';
import { ChunkBoundary } from '../../components/ChunkBoundary';
import { useApi } from '../../hooks/useApi';

const PlanDialog = lazy(() => import('./PlanDialog'));

/** Fetches a plan and the code of its dialog at the same time. */
export function PlanOverlay({ planId }: { planId: string }) {
  const plan = useApi(apiUrl('/api/v1/plans/{plan_id}', { plan_id: planId }));
  return (
    <ChunkBoundary what="the plan">
      <PlanDialog planId={planId} plan={plan} />
    </ChunkBoundary>
  );
}

import { apiUrl } from '../api/client';
import type { Body } from '../api/types';
import { useProfile } from '../app/profile';
import { useApi, type Resource } from './useApi';

type Recommendations = Body<'/api/v1/recommendations/{user_id}'>;

/** The recommendations of whoever is using TreeBeard, who may have none yet. */
export function useRecommendations(version = 0): Resource<Recommendations | undefined> {
  const profile = useProfile();
  const url =
    profile.status === 'ready'
      ? apiUrl('/api/v1/recommendations/{user_id}', { user_id: profile.data.user_id })
      : undefined;
  const recommendations = useApi(url, version);
  if (profile.status === 'failed') return profile;
  const none = recommendations.status === 'failed' && recommendations.error.status === 404;
  return none ? { status: 'ready', data: undefined } : recommendations;
}

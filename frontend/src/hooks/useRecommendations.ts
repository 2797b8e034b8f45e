import { apiUrl } from '../api/client';
import type { Body } from '../api/types';
import { useProfile } from '../app/profile';
import { useApi, type Resource } from './useApi';

/** The recommendations of whoever is using TreeBeard. */
export function useRecommendations(): Resource<Body<'/api/v1/recommendations/{user_id}'>> {
  const profile = useProfile();
  const url =
    profile.status === 'ready'
      ? apiUrl('/api/v1/recommendations/{user_id}', { user_id: profile.data.user_id })
      : undefined;
  const recommendations = useApi(url);
  return profile.status === 'failed' ? profile : recommendations;
}

import type { ReactNode } from 'react';
import { apiUrl } from '../api/client';
import { useApi } from '../hooks/useApi';
import { ProfileContext } from './profile';

const PROFILE = apiUrl('/api/v1/users/profile', {});

export function ProfileProvider({ children }: { children: ReactNode }) {
  return <ProfileContext value={useApi(PROFILE)}>{children}</ProfileContext>;
}

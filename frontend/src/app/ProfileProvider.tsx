import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { apiUrl } from '../api/client';
import { useApi } from '../hooks/useApi';
import { ProfileContext } from './profile';

const PROFILE = apiUrl('/api/v1/users/profile', {});

export function ProfileProvider({ children }: { children: ReactNode }) {
  const [version, setVersion] = useState(0);
  const profile = useApi(PROFILE, version);
  const reload = useCallback(() => {
    setVersion((current) => current + 1);
  }, []);
  const state = useMemo(() => ({ profile, reload }), [profile, reload]);
  return <ProfileContext value={state}>{children}</ProfileContext>;
}

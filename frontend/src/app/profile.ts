import { createContext, useContext } from 'react';
import type { Profile } from '../api/types';
import type { Resource } from '../hooks/useApi';

interface ProfileState {
  profile: Resource<Profile>;
  /** Asks again: somebody signed in or out, or changed what they want. */
  reload: () => void;
}

export const ProfileContext = createContext<ProfileState>({
  profile: { status: 'loading' },
  reload: () => undefined,
});

/** The person who is using TreeBeard; asked for once per visit. */
export const useProfile = () => useContext(ProfileContext).profile;

export const useReloadProfile = () => useContext(ProfileContext).reload;

import { createContext, useContext } from 'react';
import type { Profile } from '../api/types';
import type { Resource } from '../hooks/useApi';

export const ProfileContext = createContext<Resource<Profile>>({ status: 'loading' });

/** The person who is using TreeBeard; asked for once per visit. */
export const useProfile = () => useContext(ProfileContext);

import type { Written } from './types';

/** What a signed-in browser holds; it ends with the tab. */
export type Session = Written<'post', '/api/v1/auth/login'>;

const KEY = 'treebeard.session';

/** Storage may be forbidden, or hold what another version wrote: then nobody is signed in. */
export function readSession(): Session | undefined {
  try {
    const text = sessionStorage.getItem(KEY);
    return text === null ? undefined : (JSON.parse(text) as Session);
  } catch {
    return undefined;
  }
}

export function writeSession(session: Session | undefined) {
  try {
    if (session === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Signed in until the page is reloaded is not possible without storage; reading says so.
  }
}

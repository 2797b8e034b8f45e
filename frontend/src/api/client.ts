import { ApiError, errorFrom } from './error';
import { readSession, writeSession, type Session } from './session';
import type { Body, GetPath, Method, Params, Payload, WritePath, Written } from './types';

/** A request's address, remembering the type of its answer. */
export type ApiUrl<T> = string & { readonly __body?: T };

type Value = string | number | null | undefined;

/** Fills `{name}` in the path and puts every other parameter that has a value in the query. */
export function apiUrl<Path extends GetPath>(
  path: Path,
  params: Params<Path> & object,
): ApiUrl<Body<Path>> {
  const query = new URLSearchParams();
  let filled: string = path;
  for (const [name, value] of Object.entries(params) as [string, Value][]) {
    if (value === undefined || value === null) continue;
    const slot = `{${name}}`;
    if (filled.includes(slot)) filled = filled.replace(slot, encodeURIComponent(value));
    else query.set(name, value.toString());
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

/** Fetches JSON once, without retries. Rejects with an {@link ApiError}, or the abort's reason. */
export const getJson = <T>(url: ApiUrl<T>, signal: AbortSignal) =>
  fetchJson(url, { signal }) as Promise<T>;

/** Sends JSON. Rejects with an {@link ApiError}. */
export const sendJson = <M extends Method, Path extends WritePath<M>>(
  method: M,
  path: Path,
  payload: Payload<M, Path>,
) =>
  fetchJson(path, {
    method: method.toUpperCase(),
    body: payload === undefined ? null : JSON.stringify(payload),
    headers: { 'Content-Type': 'application/json' },
  }) as Promise<Written<M, Path>>;

/** Sends a file as what it is. Rejects with an {@link ApiError}. */
export const sendFile = <Path extends WritePath<'post'>>(path: Path, file: Blob, type: string) =>
  fetchJson(path, {
    method: 'POST',
    body: file,
    headers: { 'Content-Type': type },
  }) as Promise<Written<'post', Path>>;

/** Asks as whoever is signed in; an access token that has expired is renewed once. */
async function fetchJson(url: string, init: RequestInit): Promise<unknown> {
  const session = readSession();
  let response = await fetchAs(session, url, init);
  if (response.status === 401 && session !== undefined) {
    const renewed = await renew(session);
    if (renewed !== undefined) response = await fetchAs(renewed, url, init);
  }
  if (!response.ok) throw await errorFrom(response);
  try {
    return await response.json();
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError(
      'The service answered in a form this page does not understand.',
      'unexpected_response',
      response.status,
      response.headers.get('x-request-id') ?? undefined,
    );
  }
}

async function fetchAs(session: Session | undefined, url: string, init: RequestInit) {
  const headers = new Headers(init.headers);
  headers.set('Accept', 'application/json');
  if (session !== undefined) headers.set('Authorization', `Bearer ${session.access_token}`);
  try {
    return await fetch(url, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError('The service could not be reached. Check your connection.', 'network');
  }
}

let renewing: Promise<Session | undefined> | undefined;

/** One renewal for all requests that found out at once. A session that cannot be renewed ends. */
function renew({ refresh_token }: Session): Promise<Session | undefined> {
  const REFRESH: WritePath<'post'> = '/api/v1/auth/refresh';
  const body = JSON.stringify({ refresh_token });
  const headers = { 'Content-Type': 'application/json' };
  renewing ??= fetchAs(undefined, REFRESH, { method: 'POST', body, headers })
    .then(async (response) => {
      if (response.status >= 500) return undefined;
      const session = response.ok ? ((await response.json()) as Session) : undefined;
      writeSession(session);
      return session;
    })
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

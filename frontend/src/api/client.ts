import { ApiError, errorFrom } from './error';
import type { Body, GetPath, Params } from './types';

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
export async function getJson<T>(url: ApiUrl<T>, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { Accept: 'application/json' } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError('The service could not be reached. Check your connection.', 'network');
  }
  if (!response.ok) throw await errorFrom(response);
  try {
    return (await response.json()) as T;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError(
      'The service answered in a form this page does not understand.',
      'unexpected_response',
      response.status,
      response.headers.get('x-request-id') ?? undefined,
    );
  }
}

import { useEffect, useState } from 'react';
import { getJson, type ApiUrl } from '../api/client';
import { asApiError, type ApiError } from '../api/error';

/** What is known of something the API was asked for. */
export type Resource<T> =
  /** `stale` is the previous answer, when there was one: show it dimmed rather than flash. */
  | { status: 'loading'; stale?: T }
  | { status: 'ready'; data: T }
  | { status: 'failed'; error: ApiError; retry: () => void };

type Outcome<T> = { url: string; asking: string } & (
  { data: T } | { error: ApiError; data?: undefined }
);

/**
 * Asks the API for `url` and again whenever it or `version` changes, dropping answers that come too
 * late. Nothing is asked while `url` is undefined.
 */
export function useApi<T>(url: ApiUrl<T> | undefined, version = 0): Resource<T> {
  const [attempt, setAttempt] = useState(0);
  const [outcome, setOutcome] = useState<Outcome<T>>();
  const asking = `${attempt} ${version}`;

  useEffect(() => {
    if (url === undefined) return;
    const abort = new AbortController();
    getJson(url, abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setOutcome({ url, asking, data });
      },
      (cause: unknown) => {
        if (!abort.signal.aborted) setOutcome({ url, asking, error: asApiError(cause) });
      },
    );
    return () => {
      abort.abort();
    };
  }, [url, asking]);

  if (outcome === undefined) return { status: 'loading' };
  if (outcome.url !== url || outcome.asking !== asking) {
    return outcome.data === undefined
      ? { status: 'loading' }
      : { status: 'loading', stale: outcome.data };
  }
  if ('error' in outcome) {
    return {
      status: 'failed',
      error: outcome.error,
      retry: () => {
        setAttempt(attempt + 1);
      },
    };
  }
  return { status: 'ready', data: outcome.data };
}

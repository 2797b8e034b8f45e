import { useState } from 'react';
import { asApiError, type ApiError } from '../api/error';

interface Submit {
  busy: boolean;
  /** Why the last attempt failed, until the next one begins. */
  error: ApiError | undefined;
  /** Runs `work` once at a time; what it throws becomes `error`. */
  submit: (work: () => Promise<void>) => void;
}

/** Something that is sent when asked for: one at a time, with its failure kept for showing. */
export function useSubmit(): Submit {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const submit = (work: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    work()
      .catch((cause: unknown) => {
        setError(asApiError(cause));
      })
      .finally(() => {
        setBusy(false);
      });
  };
  return { busy, error, submit };
}

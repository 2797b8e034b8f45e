import type { ApiError } from '../api/error';

/** Why something was not saved, read aloud when it appears. */
export function SubmitError({ error }: { error: ApiError | undefined }) {
  return (
    <p role="alert" className="field__error">
      {error?.message}
    </p>
  );
}

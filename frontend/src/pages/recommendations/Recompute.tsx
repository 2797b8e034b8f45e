import { sendJson } from '../../api/client';
import { SubmitError } from '../../components/SubmitError';
import { useSubmit } from '../../hooks/useSubmit';

/** Has the recommendations worked out anew, from today's plans, usage and preferences. */
export function Recompute({ onDone }: { onDone: () => void }) {
  const { busy, error, submit } = useSubmit();
  const recompute = async () => {
    await sendJson('post', '/api/v1/recommendations/generate', undefined);
    onDone();
  };
  return (
    <div className="recompute">
      <button
        type="button"
        className="button button--quiet"
        disabled={busy}
        onClick={() => {
          submit(recompute);
        }}
      >
        Work them out again
      </button>
      <SubmitError error={error} />
    </div>
  );
}

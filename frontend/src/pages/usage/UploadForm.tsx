import { useId, useRef, useState } from 'react';
import { sendFile } from '../../api/client';
import { ApiError } from '../../api/error';
import { SubmitError } from '../../components/SubmitError';
import { useSubmit } from '../../hooks/useSubmit';
import { formatDate, plural } from '../../lib/format';

/** Adds the readings of a file to the history. */
export function UploadForm({ onUploaded }: { onUploaded: () => void }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const { busy, error, submit } = useSubmit();
  const [done, setDone] = useState('');
  const upload = async (file: File | undefined) => {
    if (file === undefined) throw new ApiError('Choose a file first.', 'no_file');
    const type = file.name.toLowerCase().endsWith('.json') ? 'application/json' : 'text/csv';
    const { days, from, to } = await sendFile('/api/v1/usage/upload', file, type);
    setDone(`Added ${plural(days, 'day')}: ${formatDate(from)} to ${formatDate(to)}.`);
    onUploaded();
  };
  return (
    <details className="disclosure">
      <summary>Add readings</summary>
      <form
        aria-label="Add readings"
        className="upload"
        onSubmit={(event) => {
          event.preventDefault();
          setDone('');
          submit(() => upload(input.current?.files?.[0]));
        }}
      >
        <p id={`${id}-hint`}>
          A CSV file with the columns <code>date,kwh</code> and, if you know it,{' '}
          <code>cost_cents</code>: a line for each day (<code>2026-10-31</code>) or for each month’s
          bill (<code>2026-10</code>). JSON works, too.
        </p>
        <div className="field">
          <label htmlFor={id}>File</label>
          <input
            ref={input}
            id={id}
            type="file"
            accept=".csv,.json,text/csv,application/json"
            aria-describedby={`${id}-hint`}
          />
        </div>
        <SubmitError error={error} />
        <button type="submit" className="button" disabled={busy}>
          Upload
        </button>
        <p role="status">{done}</p>
      </form>
    </details>
  );
}

import { useState } from 'react';
import { Link } from 'react-router';
import { apiUrl, sendJson } from '../../api/client';
import type { Preferences } from '../../api/types';
import { useReloadProfile } from '../../app/profile';
import { Loaded } from '../../components/Loaded';
import { Slider } from '../../components/Slider';
import { SubmitError } from '../../components/SubmitError';
import { useApi } from '../../hooks/useApi';
import { useSubmit } from '../../hooks/useSubmit';
import { PREFERENCES, rebalance } from '../../lib/preferences';

const STORED = apiUrl('/api/v1/users/preferences', {});

/** Changes what is stored now, which may be newer than the profile of this visit. */
export function PreferencesEditor() {
  return (
    <Loaded resource={useApi(STORED)} what="what matters to you" blocks={1}>
      {(stored) => <Sliders stored={stored} />}
    </Loaded>
  );
}

/** Four sliders that share 100 points: what one takes, the others give. */
function Sliders({ stored }: { stored: Preferences }) {
  const [draft, setDraft] = useState(stored);
  const { busy, error, submit } = useSubmit();
  const [saved, setSaved] = useState(false);
  const reloadProfile = useReloadProfile();
  const save = async () => {
    await sendJson('put', '/api/v1/users/preferences', draft);
    setSaved(true);
    reloadProfile();
  };
  return (
    <form
      aria-label="What matters to you"
      className="preferences-editor"
      onSubmit={(event) => {
        event.preventDefault();
        submit(save);
      }}
    >
      {(Object.keys(PREFERENCES) as (keyof Preferences)[]).map((key) => (
        <Slider
          key={key}
          label={PREFERENCES[key]}
          value={draft[key]}
          shown={draft[key].toString()}
          spoken={`${draft[key]} of 100`}
          onChange={(value) => {
            setSaved(false);
            setDraft(rebalance(draft, key, value));
          }}
        />
      ))}
      <SubmitError error={error} />
      <button type="submit" className="button" disabled={busy}>
        Save
      </button>
      <p role="status">
        {saved && (
          <>
            Saved. <Link to="/recommendations">Work out your recommendations again</Link>.
          </>
        )}
      </p>
    </form>
  );
}

import { useNavigate } from 'react-router';
import { readSession, writeSession } from '../../api/session';
import { useReloadProfile } from '../../app/profile';

/** For those who signed in; the demo's user never did. */
export function SignOut() {
  const navigate = useNavigate();
  const reloadProfile = useReloadProfile();
  if (readSession() === undefined) return null;
  return (
    <button
      type="button"
      className="button button--quiet"
      onClick={() => {
        writeSession(undefined);
        reloadProfile();
        void navigate('/');
      }}
    >
      Sign out
    </button>
  );
}

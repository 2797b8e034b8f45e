import { useLocation, useNavigate } from 'react-router';

/**
 * Leaves /plans/{id} for the catalogue with its filters. Opened from the catalogue, the dialog
 * is one step of history, so closing goes back; opened by a link, there is nothing to go back to.
 */
export function useCloseDialog(): () => void {
  const navigate = useNavigate();
  const location = useLocation();
  return () => {
    if (isFromCatalogue(location.state)) void navigate(-1);
    else void navigate({ pathname: '/plans', search: location.search }, { replace: true });
  };
}

const isFromCatalogue = (state: unknown) =>
  typeof state === 'object' && state !== null && 'fromCatalogue' in state;

import { Link } from 'react-router';
import type { ApiError } from '../api/error';
import { EmptyState } from './EmptyState';

interface ErrorPanelProps {
  /** What could not be loaded, as in "plans". */
  what: string;
  error: ApiError;
  onRetry: () => void;
}

export function ErrorPanel({ what, error, onRetry }: ErrorPanelProps) {
  if (error.status === 401) {
    return (
      <EmptyState title="Sign in first">
        <p>
          <Link to="/sign-in">Sign in or create an account</Link> to see {what}.
        </p>
      </EmptyState>
    );
  }
  return (
    <div role="alert" className="notice notice--error">
      <p className="notice__title">We could not load {what}</p>
      <p>{error.message}</p>
      {error.requestId !== undefined && (
        <p className="notice__detail">
          Request id <code>{error.requestId}</code>
        </p>
      )}
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

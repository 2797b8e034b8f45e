import type { ReactNode } from 'react';
import type { Resource } from '../hooks/useApi';
import { ErrorPanel } from './ErrorPanel';
import { Loading } from './Loading';

interface LoadedProps<T> {
  resource: Resource<T>;
  /** What is being loaded, as in "Loading plans". */
  what: string;
  /** How many placeholder blocks to show meanwhile. */
  blocks?: number;
  children: (data: T) => ReactNode;
}

/** Shows a resource in whatever state it is: placeholder, dimmed old answer, answer or error. */
export function Loaded<T>({ resource, what, blocks = 3, children }: LoadedProps<T>) {
  switch (resource.status) {
    case 'failed':
      return <ErrorPanel what={what} error={resource.error} onRetry={resource.retry} />;
    case 'ready':
      return <div aria-busy="false">{children(resource.data)}</div>;
    case 'loading':
      return resource.stale === undefined ? (
        <Loading what={what} blocks={blocks} />
      ) : (
        <div aria-busy="true" className="stale">
          {children(resource.stale)}
        </div>
      );
  }
}

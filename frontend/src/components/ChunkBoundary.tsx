import { Component, Suspense, type ReactNode } from 'react';
import { Loading } from './Loading';

interface ChunkBoundaryProps {
  what: string;
  children: ReactNode;
}

/** Holds a part of the page whose code is fetched when needed, and says so if that fails. */
export class ChunkBoundary extends Component<ChunkBoundaryProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    const { what, children } = this.props;
    if (!this.state.failed)
      return <Suspense fallback={<Loading what={what} />}>{children}</Suspense>;
    return (
      <div role="alert" className="notice notice--error">
        <p className="notice__title">We could not load {what}</p>
        <p>A part of this page did not arrive. Reloading usually helps.</p>
        <button
          type="button"
          className="button"
          onClick={() => {
            window.location.reload();
          }}
        >
          Reload the page
        </button>
      </div>
    );
  }
}

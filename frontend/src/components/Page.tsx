import type { ReactNode } from 'react';
import { usePageTitle } from '../hooks/usePageTitle';

interface PageProps {
  title: string;
  /** One sentence under the heading. */
  lead?: string;
  children: ReactNode;
}

/** The frame of every page but home: its name, its heading, its width. */
export function Page({ title, lead, children }: PageProps) {
  usePageTitle(title);
  return (
    <div className="page">
      <header className="page__header">
        <h1 tabIndex={-1}>{title}</h1>
        {lead !== undefined && <p className="page__lead">{lead}</p>}
      </header>
      {children}
    </div>
  );
}

import { useEffect } from 'react';

/** Names the document while the caller is shown, and gives back the name it had before. */
export function usePageTitle(title: string) {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · TreeBeard`;
    return () => {
      document.title = before;
    };
  }, [title]);
}

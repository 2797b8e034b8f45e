import { useLayoutEffect, useRef } from 'react';
import { NavigationType, useLocation, useNavigationType } from 'react-router';

/**
 * Moving to another section puts the focus on its heading, so that a screen reader reads it,
 * and starts at the top unless the browser is restoring a place in its history.
 * Filters and the plan dialog stay within a section and leave focus alone.
 */
export function useRouteFocus() {
  const section = useLocation().pathname.split('/')[1] ?? '';
  const navigation = useNavigationType();
  const shown = useRef(section);

  // In the commit that shows the heading: a key pressed just after it must not go to the old page.
  useLayoutEffect(() => {
    if (shown.current === section) return;
    shown.current = section;
    if (navigation !== NavigationType.Pop) window.scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [section, navigation]);
}

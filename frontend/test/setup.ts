import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// A page's code is fetched when it is gone to, which takes a while on a busy machine.
configure({ asyncUtilTimeout: 10_000 });

afterEach(cleanup);
afterEach(() => {
  sessionStorage.clear();
});

// jsdom has no layout: every media query answers "no" (a narrow screen, light colours).
window.matchMedia = (media) =>
  Object.assign(new EventTarget(), {
    media,
    matches: false,
    onchange: null,
    addListener: () => undefined,
    removeListener: () => undefined,
  });
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;

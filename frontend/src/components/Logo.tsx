/** The leaf of public/images/leaf.svg, in the colours of the page. */
export function Logo() {
  return (
    <svg className="logo" viewBox="8 8 48 50" aria-hidden="true" focusable="false">
      <path className="logo__outer" d="M50 13C26 13 13 24 13 38c0 8 6 13 13 13 15 0 24-14 24-38Z" />
      <path className="logo__inner" d="M43 20C31 22 22 29 22 37c0 3 2 5 5 5 8 0 14-9 16-22Z" />
      <path className="logo__stem" d="M35 28 14 55" />
    </svg>
  );
}

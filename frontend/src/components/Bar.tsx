/** A proportion from 0 to 1 as a bar. Decorative: print the number beside it. */
export function Bar({ value, tone = 'leaf' }: { value: number; tone?: 'leaf' | 'amber' }) {
  return (
    <svg className={`bar bar--${tone}`} aria-hidden="true" focusable="false">
      <rect className="bar__track" width="100%" height="100%" rx="4" />
      <rect className="bar__fill" width={`${value * 100}%`} height="100%" rx="4" />
    </svg>
  );
}

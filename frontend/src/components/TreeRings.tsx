const RINGS = 15;
const CENTRE = 200;

/** One ring: a circle that wobbles the way a trunk does, more so further out. */
function ring(index: number): string {
  const radius = 10 + index * 12 + 3 * Math.sin(index * 2.3);
  const points = Array.from({ length: 72 }, (_, step) => {
    const angle = (step / 72) * 2 * Math.PI;
    const wobble =
      0.035 * Math.sin(3 * angle + 0.4) + 0.02 * Math.sin(5 * angle + index * 0.15) - 0.02;
    const r = radius * (1 + wobble);
    return `${(CENTRE + r * Math.cos(angle)).toFixed(1)} ${(CENTRE + r * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}Z`;
}

const PATHS = Array.from({ length: RINGS }, (_, index) => ring(index));

/** The growth rings of a tree, as decoration. */
export function TreeRings() {
  return (
    <svg className="tree-rings" viewBox="0 0 400 400" aria-hidden="true" focusable="false">
      {PATHS.map((path, index) => (
        <path key={index} d={path} className={index % 5 === 4 ? 'tree-rings__mark' : undefined} />
      ))}
    </svg>
  );
}

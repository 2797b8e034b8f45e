/** A supplier's rating, 0 to 5. */
export function Rating({ value }: { value: number }) {
  return (
    <span className="rating">
      <span aria-hidden="true">★ {value.toFixed(1)}</span>
      <span className="visually-hidden">rated {value.toFixed(1)} of 5</span>
    </span>
  );
}

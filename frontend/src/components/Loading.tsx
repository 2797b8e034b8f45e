interface LoadingProps {
  what: string;
  blocks?: number;
}

/** Grey blocks where content will be. */
export function Loading({ what, blocks = 1 }: LoadingProps) {
  return (
    <div role="status" className="loading">
      <span className="visually-hidden">Loading {what}…</span>
      {Array.from({ length: blocks }, (_, index) => (
        <div key={index} className="loading__block" />
      ))}
    </div>
  );
}

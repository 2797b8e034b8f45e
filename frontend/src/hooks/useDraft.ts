import { useEffect, useEffectEvent, useState } from 'react';

/**
 * What is being typed into a field whose settled value lives elsewhere.
 * `commit` is called after `delay` ms without a change, unless `accept` refuses the text.
 * When the settled value changes by itself (browser back), the draft follows.
 */
export function useDraft(
  settled: string,
  accept: (text: string) => boolean,
  commit: (text: string) => void,
  delay: number,
): [string, (text: string) => void] {
  const [text, setText] = useState(settled);
  const [followed, setFollowed] = useState(settled);
  if (followed !== settled) {
    setFollowed(settled);
    setText(settled);
  }
  const onCommit = useEffectEvent(commit);
  const ready = text !== settled && accept(text);

  useEffect(() => {
    if (!ready) return;
    const timer = setTimeout(() => {
      onCommit(text);
    }, delay);
    return () => {
      clearTimeout(timer);
    };
  }, [ready, text, delay]);

  return [text, setText];
}

import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useDraft } from './useDraft';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const render = (commit: (text: string) => void) =>
  renderHook(({ settled }) => useDraft(settled, (text) => text.length !== 1, commit, 200), {
    initialProps: { settled: 'first' },
  });
const wait = (ms: number) => {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
};

it('commits once, when the changes have come to rest', () => {
  const commit = vi.fn();
  const { result } = render(commit);
  for (const text of ['second', 'third']) {
    act(() => {
      result.current[1](text);
    });
    wait(150);
  }
  expect(result.current[0]).toBe('third');
  expect(commit).not.toHaveBeenCalled();
  wait(50);
  expect(commit.mock.calls).toEqual([['third']]);
});

it('keeps to itself what is not accepted', () => {
  const commit = vi.fn();
  const { result } = render(commit);
  act(() => {
    result.current[1]('x');
  });
  wait(1000);
  expect(result.current[0]).toBe('x');
  expect(commit).not.toHaveBeenCalled();
});

it('follows the settled value when that changes by itself', () => {
  const { result, rerender } = render(vi.fn());
  act(() => {
    result.current[1]('typed');
  });
  rerender({ settled: 'from history' });
  expect(result.current[0]).toBe('from history');
  rerender({ settled: 'first' });
  expect(result.current[0]).toBe('first');
});

import { act, renderHook, waitFor } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { apiError, fakeApi } from '../../test/fakeApi';
import { useApi } from './useApi';

const render = (url: string | undefined) =>
  renderHook(({ url }) => useApi<unknown>(url), { initialProps: { url } });

it('goes from loading to ready, and keeps the old answer while the next loads', async () => {
  fakeApi({ '/a': { body: '"A"' } });
  const { result, rerender } = render('/a');
  expect(result.current).toEqual({ status: 'loading' });
  await waitFor(() => {
    expect(result.current).toEqual({ status: 'ready', data: 'A' });
  });
  rerender({ url: '/never' });
  expect(result.current).toEqual({ status: 'loading', stale: 'A' });
});

it('asks nothing without an address', () => {
  const asked = fakeApi({});
  expect(render(undefined).result.current).toEqual({ status: 'loading' });
  expect(asked).toEqual([]);
});

it('tries again when told to, never by itself', async () => {
  let up = false;
  const asked = fakeApi({ '/a': () => (up ? { body: '"A"' } : apiError(503, 'down')) });
  const { result } = render('/a');
  await waitFor(() => {
    expect(result.current.status).toBe('failed');
  });
  expect(asked).toHaveLength(1);
  up = true;
  const failed = result.current;
  if (failed.status === 'failed') act(failed.retry);
  expect(result.current).toEqual({ status: 'loading' });
  await waitFor(() => {
    expect(result.current).toEqual({ status: 'ready', data: 'A' });
  });
});

it('drops an answer that comes after the address changed', async () => {
  let answerLate: (response: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => {
    answerLate = resolve;
  });
  vi.stubGlobal('fetch', (url: string) =>
    url === '/slow' ? late : Promise.resolve(new Response('"fast"')),
  );
  const { result, rerender } = render('/slow');
  rerender({ url: '/fast' });
  await waitFor(() => {
    expect(result.current).toEqual({ status: 'ready', data: 'fast' });
  });
  await act(async () => {
    answerLate(new Response('"slow"'));
    await late;
  });
  expect(result.current).toEqual({ status: 'ready', data: 'fast' });
});

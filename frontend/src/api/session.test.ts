import { expect, it } from 'vitest';
import { apiError, fakeApi } from '../../test/fakeApi';
import { session } from '../../test/fixtures';
import { getJson } from './client';
import { readSession, writeSession } from './session';

const get = () => getJson('/api/x', new AbortController().signal);
const bearer = (init: RequestInit) => new Headers(init.headers).get('authorization');

it('nobody signed in sends no token', async () => {
  fakeApi({ '/api/x': (init) => ({ body: JSON.stringify({ token: bearer(init) }) }) });
  expect(await get()).toEqual({ token: null });
});

it('an expired token is renewed once for all who find out, and they ask again', async () => {
  writeSession(session);
  const asked = fakeApi({
    '/api/v1/auth/refresh': { body: { ...session, access_token: 'access-2' } },
    '/api/x': (init) =>
      bearer(init) === 'Bearer access-2' ? { body: '"yes"' } : apiError(401, 'expired'),
  });
  expect(await Promise.all([get(), get(), get()])).toEqual(['yes', 'yes', 'yes']);
  expect(asked.filter((url) => url.endsWith('/refresh'))).toHaveLength(1);
  expect(readSession()?.access_token).toBe('access-2');
});

it('a session that cannot be renewed ends', async () => {
  writeSession(session);
  fakeApi({ '/api': apiError(401, 'log in to see this') });
  await expect(get()).rejects.toMatchObject({ status: 401 });
  expect(readSession()).toBeUndefined();
});

it('an outage does not sign anybody out', async () => {
  writeSession(session);
  fakeApi({ '/api/v1/auth/refresh': apiError(503, 'down'), '/api/x': apiError(401, 'expired') });
  await expect(get()).rejects.toMatchObject({ status: 401 });
  expect(readSession()).toEqual(session);
});

it('what another version stored is nobody', () => {
  sessionStorage.setItem('treebeard.session', '{');
  expect(readSession()).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import { apiError, fakeApi, type Answer } from '../../test/fakeApi';
import { apiUrl, getJson } from './client';
import { ApiError } from './error';

const get = async (answer: Answer) => {
  fakeApi({ '/x': answer });
  return getJson('/x', new AbortController().signal);
};
const failure = async (answer: Answer) => {
  const error: unknown = await get(answer).catch((cause: unknown) => cause);
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
  const { message, code, status, requestId } = error;
  return { message, code, status, requestId };
};

describe('addresses', () => {
  it('fill the path and put the rest in the query', () => {
    expect(apiUrl('/api/v1/plans/{plan_id}', { plan_id: 'a/b' })).toBe('/api/v1/plans/a%2Fb');
    expect(apiUrl('/api/v1/plans/catalog', { zip_code: '75201', page: 2 })).toBe(
      '/api/v1/plans/catalog?zip_code=75201&page=2',
    );
    expect(apiUrl('/api/v1/plans/catalog', {})).toBe('/api/v1/plans/catalog');
  });
});

describe('answers', () => {
  it('are parsed', async () => {
    await expect(get({ body: { a: 1 } })).resolves.toEqual({ a: 1 });
  });

  it('carry the error of the API', async () => {
    expect(await failure(apiError(503, 'warming up'))).toMatchObject({
      message: 'warming up',
      code: 'unavailable',
      status: 503,
      requestId: 'req_7',
    });
  });

  it('that a proxy wrote still give a message and the request id', async () => {
    const html = '<h1>Bad gateway</h1>';
    expect(
      await failure({ status: 502, body: html, headers: { 'X-Request-Id': 'edge_1' } }),
    ).toMatchObject({
      message: 'The service had a problem answering.',
      code: 'unexpected_response',
      status: 502,
      requestId: 'edge_1',
    });
  });

  it.each([null, 'text', { error: 'text' }, { error: { message: 7 } }])(
    'with the body %j are told by their status',
    async (body) => {
      const { message, code } = await failure({ status: 404, body: JSON.stringify(body) });
      expect(message).toBe('The service refused the request (status 404).');
      expect(code).toBe('unexpected_response');
    },
  );

  it('that are not JSON are an error even with status 200', async () => {
    expect(await failure({ body: '<!doctype html>' })).toMatchObject({
      code: 'unexpected_response',
      status: 200,
    });
  });

  it('that never come are a network error', async () => {
    expect(await failure(new TypeError('Failed to fetch'))).toMatchObject({ code: 'network' });
  });
});

it('an aborted request rejects with the abort, not with an error to show', async () => {
  fakeApi({});
  const abort = new AbortController();
  const answer = getJson('/x', abort.signal);
  abort.abort();
  await expect(answer).rejects.toThrow(DOMException);
});

import { vi } from 'vitest';

export type Answer = { status?: number; body: unknown; headers?: Record<string, string> } | Error;

/**
 * Replaces `fetch`: the first prefix that matches answers, of the address or, where it begins with
 * a method, of both (`PUT /api/…`). Returns the addresses asked for.
 */
export function fakeApi(answers: Record<string, Answer | ((init: RequestInit) => Answer)>) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push(url);
    const line = `${init.method ?? 'GET'} ${url}`;
    const matches = (prefix: string) => (prefix.startsWith('/') ? url : line).startsWith(prefix);
    const found = Object.entries(answers).find(([prefix]) => matches(prefix))?.[1];
    // An address without an answer never gets one.
    if (found === undefined) return pending(init.signal ?? undefined);
    const answer = typeof found === 'function' ? found(init) : found;
    if (answer instanceof Error) return Promise.reject(answer);
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    const { status = 200, headers = {} } = answer;
    return Promise.resolve(new Response(text, { status, headers }));
  });
  return asked;
}

const pending = (signal?: AbortSignal) =>
  new Promise<Response>((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'));
    });
  });

export const apiError = (status: number, message: string) => ({
  status,
  body: { error: { code: 'unavailable', message, request_id: 'req_7' } },
});

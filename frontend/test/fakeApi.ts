import { vi } from 'vitest';

export type Answer = { status?: number; body: unknown; headers?: Record<string, string> } | Error;

/** Replaces `fetch`: the first path prefix that matches answers. Returns the addresses asked for. */
export function fakeApi(answers: Record<string, Answer | (() => Answer)>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
    asked.push(url);
    const found = Object.entries(answers).find(([prefix]) => url.startsWith(prefix))?.[1];
    // An address without an answer never gets one.
    if (found === undefined) return pending(signal ?? undefined);
    const answer = typeof found === 'function' ? found() : found;
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

/** A request that did not end in a usable answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** The API's own code, or `network` or `unexpected_response`. */
    readonly code: string,
    /** The HTTP status; undefined when no response arrived. */
    readonly status?: number,
    /** Quote this to support: it finds the request in the API's logs. */
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** Reads the API's error body, and copes with answers that a proxy or the CDN wrote instead. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = errorDetail(body);
  return new ApiError(
    detail.message ?? statusMessage(response.status),
    detail.code ?? 'unexpected_response',
    response.status,
    detail.request_id ?? response.headers.get('x-request-id') ?? undefined,
  );
}

type Detail = Partial<Record<'code' | 'message' | 'request_id', string>>;

function errorDetail(body: unknown): Detail {
  if (typeof body !== 'object' || body === null || !('error' in body)) return {};
  const { error } = body;
  if (typeof error !== 'object' || error === null) return {};
  return Object.fromEntries(Object.entries(error).filter(([, value]) => typeof value === 'string'));
}

function statusMessage(status: number): string {
  if (status === 503) return 'The service is starting or busy. Try again in a moment.';
  if (status >= 500) return 'The service had a problem answering.';
  return `The service refused the request (status ${status}).`;
}

export const asApiError = (cause: unknown) =>
  cause instanceof ApiError ? cause : new ApiError(String(cause), 'unexpected');

// Requests to the API: what the page asks for outside the socket, and refusals in one shape.
import type { ErrorBody, ErrorCode, RecentDocument, ServerBody, SessionBody, SignIn } from './api';

/** `unreachable`: no answer at all; `unexpected`: an answer that is not the API's. */
export type FailureCode = ErrorCode | 'unreachable' | 'unexpected';

export interface Failure {
  readonly ok: false;
  readonly code: FailureCode;
  /** The server's own sentence, in English; empty if there is none. */
  readonly message: string;
  readonly retryAfterSeconds: number | null;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | Failure;

function isErrorBody(body: unknown): body is ErrorBody {
  const error = (body as Partial<ErrorBody> | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string';
}

async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal: AbortSignal | null = null,
): Promise<Answer<T>> {
  const init: RequestInit = {
    method,
    headers: { accept: 'application/json' },
    credentials: 'same-origin',
    signal,
  };
  if (body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  let content: unknown = null;
  try {
    response = await fetch(new URL(path, document.baseURI), init);
    const text = await response.text();
    if (text) content = JSON.parse(text);
  } catch (error) {
    const code = error instanceof SyntaxError ? 'unexpected' : 'unreachable';
    return { ok: false, code, message: '', retryAfterSeconds: null };
  }
  if (response.ok) return { ok: true, value: content as T };
  const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const detail = isErrorBody(content) ? content.error : { code: 'unexpected' as const, message: '' };
  return { ok: false, ...detail, retryAfterSeconds: Number.isFinite(seconds) ? seconds : null };
}

export const readSession = (): Promise<Answer<SessionBody>> => request('GET', 'api/v1/session');

export const signIn = (token: string): Promise<Answer<SessionBody>> =>
  request('POST', 'api/v1/session', { token } satisfies SignIn);

export const readRecent = (host: string): Promise<Answer<RecentDocument>> =>
  request('GET', `api/v1/hosts/${host}/recent`);

export const readServer = (signal: AbortSignal): Promise<Answer<ServerBody>> =>
  request('GET', 'api/v1/server', undefined, signal);

export const signOut = (): Promise<Answer<unknown>> => request('DELETE', 'api/v1/session');

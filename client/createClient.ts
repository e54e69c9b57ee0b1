import { type Client, type Json, operations } from './generated.ts';
import { NoAnswerError, ProblemError, problemIn } from './problemError.ts';

export interface ClientOptions {
  /** Of the API, e.g. `http://127.0.0.1:8787`. */
  readonly baseUrl: string;
  /** `hg_…` */
  readonly token: string;
  readonly fetch?: typeof fetch;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly headers: readonly string[];
  readonly hasBody: boolean;
}

type Input = Readonly<Record<string, unknown>> & {
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
};

const maxTries = 3;
/** A longer Retry-After is the caller's to wait for. */
const longestWaitSeconds = 5;
const retried: ReadonlySet<string> = new Set(['service_unavailable', 'too_many_requests']);

/**
 * Headgate's API as typed methods. Requests that change nothing are tried again, twice, when the API says that it
 * is busy. Rejects with `ProblemError`, or with `NoAnswerError` when nothing answered.
 */
export function createClient(options: ClientOptions): Client {
  const methods = Object.entries(operations).map(([name, operation]) => [
    name,
    (input: Input = {}) => call(options, operation, input),
  ]);
  return Object.fromEntries(methods) as Client;
}

async function call(options: ClientOptions, operation: Operation, input: Input): Promise<Json> {
  const url = urlOf(options.baseUrl, operation, input);
  const headers: Record<string, string> = {
    authorization: `Bearer ${options.token}`,
    accept: 'application/json, application/problem+json',
  };
  for (const name of operation.headers) {
    const value = input.headers?.[name];
    if (value !== undefined) headers[name] = String(value);
  }
  if (operation.hasBody) headers['content-type'] = 'application/json';
  for (let tries = 1; ; tries++) {
    const response = await send(options, url, {
      method: operation.method,
      headers,
      redirect: 'error',
      ...(operation.hasBody ? { body: JSON.stringify(input.body ?? {}) } : {}),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    if (response.ok) return response.status === 204 ? null : ((await response.json()) as Json);
    const problem = await problemIn(response);
    const wait = problem.retryAfterSeconds ?? 1;
    if (
      operation.method !== 'GET' ||
      tries === maxTries ||
      !retried.has(problem.code) ||
      wait > longestWaitSeconds
    )
      throw new ProblemError(problem);
    await pause(wait * 1000, input.signal);
  }
}

async function send(options: ClientOptions, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await (options.fetch ?? fetch)(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new NoAnswerError(`${init.method ?? 'GET'} ${url.origin}${url.pathname}: no answer`, {
      cause: error,
    });
  }
}

function urlOf(baseUrl: string, { path, query }: Operation, input: Input): URL {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(input[name] ?? '');
    if (value === '' || value === '.' || value === '..')
      throw new TypeError(`${name} cannot be "${value}"`);
    // A file's name may hold folders; each part is escaped by itself.
    return value
      .split('/')
      .map(encodeURIComponent)
      .join(name === 'name' ? '/' : '%2F');
  });
  const url = new URL(baseUrl.replace(/\/+$/, '') + filled);
  for (const name of query) {
    const value = input.query?.[name];
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

/** Rejects when the signal is aborted meanwhile. Needs no Node, so that browsers can use the client. */
const pause = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', abort, { once: true });
  });

import { ParkUntil } from '../connectors/connector.ts';
import { type ErrorCode, HeadgateError } from '../errors.ts';
import type { Log } from '../log.ts';
import { retryAfterMilliseconds } from './retryAfter.ts';
import { plainUrl } from './safeUrl.ts';

export interface RetryOptions {
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** How long the work may still take; a wait that is longer parks the run. Default: no limit. */
  readonly remainingMilliseconds?: () => number;
  /** A wait longer than this parks the run, which costs nothing, instead of being slept through. Default 60. */
  readonly longestSleepSeconds?: number;
  /** Tries in all. Default 5. */
  readonly tries?: number;
  /** Statuses the caller reads itself, e.g. 404 for "no more pages"; given back unread, never retried. */
  readonly accept?: readonly number[];
  /** Says that POST and PATCH may be sent twice here, e.g. a query in a POST body. Default false. */
  readonly repeatable?: boolean;
  /** A time the source gives in a header of its own; milliseconds to wait, or null. */
  readonly resetMilliseconds?: (response: Response) => number | null;
  /** From 0 up to 1. Default Math.random. */
  readonly random?: () => number;
  /** Aborts waiting, besides the request's own signal. */
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/** What one request says for itself; a plain `fetch` passes over it. */
export interface RetryInit extends RequestInit {
  readonly retry?: {
    /** As in RetryOptions. */
    readonly repeatable?: boolean;
    /** Statuses 400 to 499 are given back unread for the caller to explain, except those that only ask to wait. */
    readonly givesRefusals?: boolean;
    /** Statuses from 500 that are final here, and given back as well. */
    readonly final?: readonly number[];
    /** A time the source gives in headers of its own; milliseconds to wait, or null. */
    readonly resetMilliseconds?: (response: Response) => number | null;
    /** Told before waiting what the source asked for. */
    readonly onThrottled?: (milliseconds: number) => Promise<void>;
  };
}

const firstBackoffMilliseconds = 1000;
const longestBackoffMilliseconds = 60_000;
/** Beyond this a quota is used up; no run waits for it. */
const longestParkMilliseconds = 24 * 3_600_000;

/** Sent a second time these do no more than the first did. Source: RFC 9110, section 9.2.2. */
const idempotentMethods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

interface Sent {
  readonly method: string;
  readonly url: string;
}

interface Failure {
  readonly error: HeadgateError;
  /** Whether another try may help. */
  readonly transient: boolean;
  /** Whether the source certainly did not act on the request. */
  readonly refused: boolean;
  /** What the source asks for. */
  readonly waitMilliseconds: number | null;
}

const isThrottle = (response: Response, asksToWait: boolean): boolean =>
  response.status === 429 ||
  response.status === 420 ||
  // Some answer 403 instead of 429, and mean it only when they say when to come back.
  (response.status === 403 &&
    (asksToWait || response.headers.get('x-ratelimit-remaining') === '0')) ||
  (response.status === 503 && asksToWait);

function codeOf(status: number): { code: ErrorCode; advice: string } {
  switch (status) {
    case 401:
      return { code: 'invalid_credentials', advice: 'check the credentials' };
    case 403:
      return { code: 'source_forbidden', advice: 'the credentials lack a permission' };
    case 404:
    case 410:
      return { code: 'source_not_found', advice: 'check the address and the names in it' };
    case 408:
      return { code: 'source_unreachable', advice: 'the source was too slow' };
    default:
      return status >= 500
        ? { code: 'source_unreachable', advice: 'the source has a problem of its own' }
        : { code: 'source_answer_invalid', advice: 'the source did not accept the request' };
  }
}

function failureOf(response: Response, { method, url }: Sent, asked: number | null): Failure {
  const { status } = response;
  const facts = { method, url, status };
  if (isThrottle(response, asked !== null))
    return {
      error: new HeadgateError(
        'source_throttled',
        `${method} ${url} answered ${status}: the source asks us to slow down`,
        { facts, ...(asked === null ? {} : { retryAfterSeconds: Math.ceil(asked / 1000) }) },
      ),
      transient: true,
      refused: true,
      waitMilliseconds: asked,
    };
  const { code, advice } = codeOf(status);
  return {
    error: new HeadgateError(code, `${method} ${url} answered ${status}: ${advice}`, { facts }),
    transient: code === 'source_unreachable',
    refused: false,
    waitMilliseconds: asked,
  };
}

/**
 * A `fetch` that only ever resolves with an answer to use: 2xx, 3xx, or a status the caller accepts. Others are
 * tried again where that can help (408, 420, 429, 5xx, a connection that failed), at most `tries` times, waiting
 * as long as Retry-After says or with full jitter between 0 and 1, 2, 4 … 60 s. Bodies of errors are never read:
 * they are not data.
 *
 * Rejects with HeadgateError: source_throttled, source_unreachable, source_quota_exhausted,
 * invalid_credentials (401), source_forbidden (403), source_not_found (404, 410), source_answer_invalid (other
 * 4xx), each naming method and URL without its query; with ParkUntil when the wait is longer than the time
 * left; with whatever the inner fetch refuses; with the reason of a signal.
 */
export function withRetries(inner: typeof fetch, options: RetryOptions): typeof fetch {
  const { now, tries = 5, accept = [], log } = options;
  const random = options.random ?? Math.random;

  return async (input, init) => {
    const asked: RetryInit['retry'] = (init as RetryInit | undefined)?.retry;
    const { repeatable = options.repeatable ?? false, onThrottled } = asked ?? {};
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(input, init, asked);
      if (outcome instanceof Response) return outcome;
      const { error, transient, refused, waitMilliseconds } = outcome;
      const streamed =
        init?.body instanceof ReadableStream || (input instanceof Request && input.body !== null);
      const safeToRepeat =
        !streamed && (repeatable || idempotentMethods.includes(methodOf(input, init)));
      if (!transient || streamed || !(safeToRepeat || refused)) throw error;
      const backoff =
        random() *
        Math.min(longestBackoffMilliseconds, firstBackoffMilliseconds * 2 ** (attempt - 1));
      const wait = Math.max(backoff, waitMilliseconds ?? 0);
      if (refused && waitMilliseconds !== null) await onThrottled?.(waitMilliseconds);
      // What must be waited for is waited for even after the last try: parked, the run comes back by itself.
      parkIfLong(error, wait);
      if (attempt >= tries) throw error;
      log?.warn('trying a request again', { ...error.facts, code: error.code, attempt, wait });
      const signals = [init?.signal, options.signal].filter((signal) => signal != null);
      await sleepUnlessAborted(wait, signals);
    }
  };

  async function attemptOnce(
    input: string | URL | Request,
    init: RequestInit | undefined,
    asked: RetryInit['retry'],
  ): Promise<Response | Failure> {
    let response: Response;
    try {
      response = await inner(input, init);
    } catch (error) {
      // Anything but a lost connection is for the caller: a refused address, an aborted signal.
      if (!(error instanceof HeadgateError) || error.code !== 'source_unreachable') throw error;
      const transient = error.facts['tls'] !== true;
      return { error, transient, refused: false, waitMilliseconds: null };
    }
    if (response.status < 400 || accept.includes(response.status)) return response;
    const wait =
      retryAfterMilliseconds(response.headers.get('retry-after'), now()) ??
      (asked?.resetMilliseconds ?? options.resetMilliseconds)?.(response) ??
      null;
    const failure = failureOf(response, describeRequest(input, init), wait);
    const refuses = asked?.givesRefusals === true && response.status < 500 && !failure.transient;
    if (refuses || asked?.final?.includes(response.status)) return response;
    await response.body?.cancel().catch(() => undefined);
    return failure;
  }

  function parkIfLong(error: HeadgateError, wait: number): void {
    const longest = (options.longestSleepSeconds ?? 60) * 1000;
    const left = options.remainingMilliseconds?.() ?? Number.POSITIVE_INFINITY;
    if (wait <= longest && wait < left) return;
    if (wait > longestParkMilliseconds)
      throw new HeadgateError('source_quota_exhausted', `${error.message}, for more than a day`, {
        cause: error,
        facts: error.facts,
        retryAfterSeconds: Math.ceil(wait / 1000),
      });
    const park = new ParkUntil(new Date(now().getTime() + Math.ceil(wait)), error.message);
    park.cause = error;
    throw park;
  }

  async function sleepUnlessAborted(wait: number, signals: readonly AbortSignal[]): Promise<void> {
    const signal = AbortSignal.any([...signals]);
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([options.sleep(wait), promise]).finally(() =>
      signal.removeEventListener('abort', abort),
    );
  }
}

function methodOf(input: string | URL | Request, init: RequestInit | undefined): string {
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  return method.toUpperCase();
}

function describeRequest(input: string | URL | Request, init: RequestInit | undefined): Sent {
  const text = input instanceof Request ? input.url : String(input);
  return {
    method: methodOf(input, init),
    url: URL.canParse(text) ? plainUrl(new URL(text)) : 'an invalid address',
  };
}

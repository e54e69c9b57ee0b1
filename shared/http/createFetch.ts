import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { HeadgateError } from '../errors.ts';
import { parseAllowedAddresses } from './allowedAddresses.ts';
import { type BodyLimits, decodedBody } from './decodedBody.ts';
import { type ResolveAddresses, resolvePublicHost } from './resolvePublicHost.ts';
import { parseHttpUrl, plainUrl } from './safeUrl.ts';
import { type OneRequest, sendRequest } from './sendRequest.ts';

export interface CreateFetchOptions {
  /** CIDRs, addresses and host names that may be dialled although they are private, and over plain http. */
  readonly allow: readonly string[];
  /** Default: the operating system's resolver. */
  readonly resolve?: ResolveAddresses;
  /** Aborts every request, besides the request's own signal. */
  readonly signal?: AbortSignal;
  /** Redirects followed for one request. Default 5. */
  readonly maxRedirects?: number;
  /** Bytes of one answer, after decompression. Default 50 GiB: answers are streamed, never held. */
  readonly maxBytes?: number;
  /** Until the head of an answer is there, name resolution and handshake included. Default 60. */
  readonly answerSeconds?: number;
  /** Silence in the middle of an answer. Default 60. */
  readonly idleSeconds?: number;
  /** One request from its start to the end of its answer. Default 900, a function's longest life. */
  readonly totalSeconds?: number;
  /** Certificates to trust instead of the public ones, PEM. */
  readonly ca?: string;
}

/** Headers that say nothing secret; all others stay with the origin they were meant for. */
const headersForOthers = [
  'accept',
  'accept-encoding',
  'accept-language',
  'content-language',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'range',
  'user-agent',
];

/** Headers of the connection itself; a caller's would change what was checked, or how the answer is read. */
const ours =
  /^(host|connection|keep-alive|upgrade|te|trailer|transfer-encoding|content-length|expect|proxy-.*)$/;

const redirectStatuses = [301, 302, 303, 307, 308];

/** What the next request of a redirect looks like. Source: the Fetch standard, "HTTP-redirect fetch". */
function redirected(request: OneRequest, status: number, location: URL): OneRequest {
  const { method } = request;
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  const body = becomesGet ? null : request.body;
  if (body instanceof Readable)
    throw new HeadgateError(
      'source_answer_invalid',
      `${method} ${plainUrl(request.url)} was redirected, and its body cannot be sent twice`,
    );
  const kept = [...request.headers].filter(
    ([name]) =>
      (location.origin === request.url.origin || headersForOthers.includes(name)) &&
      !(becomesGet && /^content-/.test(name)),
  );
  return { url: location, method: becomesGet ? 'GET' : method, headers: new Headers(kept), body };
}

/** `fetch`'s arguments, with a body that is sent with its length wherever it has one. */
async function firstRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<{ request: OneRequest; signal: AbortSignal | null; redirect: RequestInit['redirect'] }> {
  const given = input instanceof Request ? input : null;
  const url = parseHttpUrl(given === null ? String(input) : given.url);
  // Checks method, headers and body the way fetch does. Without the signal, which it would listen to until it is
  // collected: a run's signal outlives thousands of requests.
  const asked = new Request(given ?? url, { ...init, signal: null });
  const streamed = init?.body instanceof ReadableStream || (given !== null && init?.body == null);
  const body =
    asked.body === null
      ? null
      : streamed
        ? Readable.fromWeb(asked.body)
        : new Uint8Array(await asked.arrayBuffer());
  const { headers } = asked;
  for (const name of [...headers.keys()]) if (ours.test(name)) headers.delete(name);
  if (!headers.has('accept')) headers.set('accept', '*/*');
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'gzip, deflate, br');
  if (!headers.has('user-agent')) headers.set('user-agent', 'headgate');
  if (body instanceof Uint8Array) headers.set('content-length', String(body.length));
  url.hash = '';
  return {
    request: { url, method: asked.method, headers, body },
    signal: init?.signal ?? given?.signal ?? null,
    redirect: init?.redirect ?? given?.redirect ?? 'follow',
  };
}

function responseOf(
  incoming: IncomingMessage,
  request: OneRequest,
  wasRedirected: boolean,
  limits: BodyLimits,
): Response {
  const status = incoming.statusCode ?? 0;
  if (status < 200 || status > 599)
    throw new HeadgateError(
      'source_answer_invalid',
      `${request.method} ${plainUrl(request.url)} answered with the status ${status}`,
    );
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2)
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '');
  const bodiless = request.method === 'HEAD' || [204, 205, 304].includes(status);
  if (bodiless) {
    incoming.resume();
    limits.done();
  }
  const body = bodiless ? null : decodedBody(incoming, request, limits);
  const response = new Response(body, {
    status,
    statusText: incoming.statusMessage ?? '',
    headers,
  });
  Object.defineProperty(response, 'url', { value: request.url.href });
  Object.defineProperty(response, 'redirected', { value: wasRedirected });
  return response;
}

/** Rejects when the signal, which is not aborted yet, aborts first, or the time is over; the work goes on unheard. */
async function within<Result>(
  milliseconds: number,
  signal: AbortSignal,
  work: Promise<Result>,
  tooLate: () => Error,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  const timer = setTimeout(() => reject(tooLate()), milliseconds);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/**
 * The `fetch` for every address a user gives. Differs from the global one in what it refuses: addresses that
 * are not public, checked after name resolution and again after every redirect; anything but https, unless the
 * target was opened; credentials in URLs. The resolved address is the one dialled; the name is asked for once a
 * hop. On a redirect to another origin only harmless headers go along. Redirects, bytes and time are capped.
 *
 * Rejects with HeadgateError: address_refused, invalid_config, source_unreachable, source_answer_invalid; or
 * with the reason of a signal. Any status of the server is an answer, as with fetch.
 */
export function createFetch(options: CreateFetchOptions): typeof fetch {
  const {
    resolve,
    ca,
    maxRedirects = 5,
    maxBytes = 50 * 1024 ** 3,
    answerSeconds = 60,
    idleSeconds = 60,
    totalSeconds = 900,
  } = options;
  const allowed = parseAllowedAddresses(options.allow);
  const agents = {
    http: new HttpAgent({ keepAlive: true, timeout: 5000 }),
    https: new HttpsAgent({ keepAlive: true, timeout: 5000 }),
  };

  async function sendOnce(request: OneRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { url } = request;
    signal.throwIfAborted();
    const started = performance.now();
    const pinned = await within(
      answerSeconds * 1000,
      signal,
      resolvePublicHost(url.hostname, allowed, resolve),
      () =>
        new HeadgateError(
          'source_unreachable',
          `The host name ${url.hostname} could not be resolved within ${answerSeconds} s`,
        ),
    );
    if (url.protocol === 'http:' && !pinned.every(({ opened }) => opened))
      throw new HeadgateError('address_refused', `Only https is allowed, not ${plainUrl(url)}`, {
        facts: { host: url.host },
      });
    return await sendRequest(request, {
      pinned,
      agents,
      ca,
      signal,
      answerMilliseconds: Math.max(1, answerSeconds * 1000 - (performance.now() - started)),
      idleMilliseconds: idleSeconds * 1000,
    });
  }

  return async (input, init) => {
    const first = await firstRequest(input, init);
    let request = first.request;
    const expiry = new AbortController();
    const timer = setTimeout(() => {
      const where = `${request.method} ${plainUrl(request.url)}`;
      expiry.abort(
        new HeadgateError('source_unreachable', `${where} took longer than ${totalSeconds} s`),
      );
    }, totalSeconds * 1000).unref();
    const given = [first.signal, options.signal].filter((signal) => signal != null);
    const signal = AbortSignal.any([...given, expiry.signal]);
    const limits: BodyLimits = { maxBytes, signal, done: () => clearTimeout(timer) };
    try {
      for (let hops = 0; ; hops++) {
        const incoming = await sendOnce(request, signal);
        const { location } = incoming.headers;
        const status = incoming.statusCode ?? 0;
        if (
          location === undefined ||
          !redirectStatuses.includes(status) ||
          first.redirect === 'manual'
        )
          try {
            return responseOf(incoming, request, hops > 0, limits);
          } catch (error) {
            incoming.destroy();
            throw error;
          }
        // What a redirect says beside its target is read by nobody.
        incoming.destroy();
        if (first.redirect === 'error' || hops === maxRedirects)
          throw new HeadgateError(
            'source_answer_invalid',
            `${request.method} ${plainUrl(request.url)} was redirected${hops === 0 ? '' : ` more than ${hops} times`}`,
          );
        request = redirected(request, status, parseHttpUrl(location, request.url));
      }
    } catch (error) {
      limits.done();
      throw error;
    }
  };
}

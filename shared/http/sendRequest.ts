import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HeadgateError } from '../errors.ts';
import type { PinnedAddress } from './resolvePublicHost.ts';
import { plainUrl } from './safeUrl.ts';

export interface OneRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  /** Bytes, or a stream that can be sent once. */
  readonly body: Uint8Array | Readable | null;
}

export interface SendOptions {
  readonly pinned: readonly PinnedAddress[];
  readonly agents: { readonly http: Agent; readonly https: Agent };
  readonly ca: string | undefined;
  /** Longest time until the head of the answer is there. */
  readonly answerMilliseconds: number;
  /** Longest silence afterwards. */
  readonly idleMilliseconds: number;
  readonly signal: AbortSignal;
}

const mostHeaderBytes = 64 * 1024;

/** Answers only what was checked: the name is never asked for again. */
const pinnedLookup =
  (pinned: readonly PinnedAddress[]): LookupFunction =>
  (_name, options, callback) => {
    const [first] = pinned;
    if (options.all === true)
      callback(
        null,
        pinned.map(({ address, family }) => ({ address, family })),
      );
    else if (first !== undefined) callback(null, first.address, first.family);
  };

const unreachable = (request: OneRequest, why: string, cause?: unknown): HeadgateError =>
  new HeadgateError('source_unreachable', `${request.method} ${plainUrl(request.url)} ${why}`, {
    cause,
    facts: { method: request.method, url: plainUrl(request.url) },
  });

/** Codes of a handshake that failed for good, e.g. a certificate for another name. */
const isTlsFailure = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH)/.test(
    String(error.code),
  );

const failureOf = (request: OneRequest, error: unknown): HeadgateError => {
  if (error instanceof HeadgateError) return error;
  if (isTlsFailure(error))
    return new HeadgateError(
      'source_unreachable',
      `${request.method} ${plainUrl(request.url)} failed: no secure connection (${(error as { code?: string }).code})`,
      { cause: error, facts: { url: plainUrl(request.url), tls: true } },
    );
  return unreachable(request, 'got no answer', error);
};

/**
 * Sends one request to the pinned addresses and answers the head of the answer, its body still to be read.
 * TLS name and Host header are those of the URL. Follows nothing, retries nothing.
 *
 * @throws HeadgateError source_unreachable; the signal's reason
 */
export async function sendRequest(
  request: OneRequest,
  options: SendOptions,
): Promise<IncomingMessage> {
  const { url, method, headers, body } = request;
  const { pinned, agents, ca, signal, answerMilliseconds, idleMilliseconds } = options;
  signal.throwIfAborted();
  const secure = url.protocol === 'https:';
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const settings: RequestOptions = {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    path: url.pathname + url.search,
    method,
    headers: Object.fromEntries(headers),
    lookup: pinnedLookup(pinned),
    maxHeaderSize: mostHeaderBytes,
    agent: secure ? agents.https : agents.http,
    ...(ca === undefined ? {} : { ca }),
  };
  const outgoing = secure ? httpsRequest(settings) : httpRequest(settings);
  const timer = setTimeout(
    () => outgoing.destroy(unreachable(request, `did not answer within ${answerMilliseconds} ms`)),
    answerMilliseconds,
  );
  let answer: IncomingMessage | null = null;
  // Not Node's own `signal`: that ends the connection of an answer that is whole already, and fails for nobody to hear.
  const abort = (): void => {
    if (answer === null) outgoing.destroy();
    else if (!answer.complete) answer.destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  outgoing.on('close', () => signal.removeEventListener('abort', abort));
  outgoing.on('response', (incoming) => {
    answer = incoming;
    clearTimeout(timer);
    outgoing.setTimeout(idleMilliseconds, () =>
      incoming.destroy(unreachable(request, `went silent for ${idleMilliseconds} ms`)),
    );
    resolve(incoming);
  });
  outgoing.on('error', (error) => {
    clearTimeout(timer);
    reject(signal.aborted ? signal.reason : failureOf(request, error));
  });
  if (body === null) outgoing.end();
  else if (body instanceof Uint8Array) outgoing.end(body);
  // A failure to send is the request's failure; it was reported above.
  else void pipeline(body, outgoing).catch(() => undefined);
  return await promise;
}

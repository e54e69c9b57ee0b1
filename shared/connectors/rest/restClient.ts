import { HeadgateError } from '../../errors.ts';
import type { RetryInit } from '../../http/withRetries.ts';
import type { Json } from '../../json.ts';
import { type Context, ParkUntil } from '../connector.ts';
import type { RequestLimit } from '../rateLimit.ts';
import { secretTexts } from '../secretFields.ts';
import { buildRequest, ownUrl, type Placed, type PlainRequest } from './buildRequest.ts';
import { explainAnswer } from './explainAnswer.ts';
import { jsonOf, readText } from './readAnswer.ts';
import type { RestRequest } from './restRequest.ts';
import type { RestSpec } from './restSpec.ts';
import { type Signature, signatureOf } from './signRequest.ts';
import { textOf, textsOf } from './texts.ts';

/** An answer of success. */
export interface RestAnswer {
  readonly body: Json;
  readonly headers: Headers;
  /** Length of its text. */
  readonly characters: number;
  /** Of a request that wants it so: what is answered, as it comes. `body` is then null. */
  readonly unread?: Response['body'];
  /** The address that answered, for addresses relative to it. */
  readonly url: URL;
}

/** Asks one source on behalf of one read; hooks ask through it, too. */
export interface RestClient<Config, Credentials> {
  readonly context: Context<Config, Credentials>;
  /**
   * Signed, paced, tried again where that helps; a token that is refused is renewed once.
   * Throws HeadgateError with what the answer means, or ParkUntil. Answers of success only.
   */
  ask(request: RestRequest<Config, Credentials>, placed?: readonly Placed[]): Promise<RestAnswer>;
  /** The same for an address that the source gave. */
  follow(address: string, request: RestRequest<Config, Credentials>): Promise<RestAnswer>;
}

/** How often an answer that cannot be read, or asks to wait in its body, is asked for. */
const mostTries = 5;
/** Less than what is kept of an invocation's time for its end. */
const longestWaitSeconds = 30;

/** What only shows in the body, where the HTTP client does not look. */
const mayPass = ({ code, facts }: HeadgateError): boolean =>
  code === 'source_throttled' || code === 'source_unreachable' || facts['unreadable'] === true;

/** What a client has to know of a service; what it offers is not its business. */
export type RestService<Config, Credentials> = Omit<
  RestSpec<Config, Credentials>,
  'name' | 'description' | 'docs' | 'labels' | 'authMethods' | 'config' | 'checks' | 'streams'
>;

export function createRestClient<Config, Credentials>(
  spec: RestService<Config, Credentials>,
  context: Context<Config, Credentials>,
): RestClient<Config, Credentials> {
  const { signal, log, now, sleep } = context;
  // Tokens join them: an error's message may quote any.
  const secrets = [...secretTexts(spec.credentials, context.credentials as Json)];

  async function sign(rejected?: string): Promise<Signature> {
    const signature = await signatureOf(spec.auth, context, rejected);
    const token = signature.token?.token;
    if (token !== undefined && !secrets.includes(token)) {
      secrets.push(token);
      log.redact([token]);
    }
    return signature;
  }

  async function baseUrlOf(signature: Signature): Promise<string> {
    const { baseUrl } = spec;
    if (typeof baseUrl !== 'object' || !('fromToken' in baseUrl)) return textOf(baseUrl, context);
    const url = signature.token?.answer[baseUrl.fromToken];
    if (url !== undefined && URL.canParse(url)) return url.replace(/\/$/, '');
    throw new HeadgateError(
      'source_answer_invalid',
      `${spec.title}'s token endpoint did not answer a ${baseUrl.fromToken}.`,
    );
  }

  function limitOf(name: string | undefined): RequestLimit {
    return spec.limits.find((limit) => limit.name === name) ?? spec.limits[0];
  }

  async function send(
    { method, url, headers, body, limit }: PlainRequest,
    signature: Signature,
  ): Promise<Response> {
    signal.throwIfAborted();
    await context.rateLimit?.take(limitOf(limit));
    const secret = Object.entries(signature.query);
    const signed = secret.length === 0 ? url : new URL(url);
    for (const [name, value] of secret) signed.searchParams.set(name, value);
    const init: RetryInit = {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...textsOf(spec.headers, context),
        ...headers,
        ...signature.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      retry: {
        // A POST only asks here.
        repeatable: true,
        givesRefusals: true,
        ...(spec.finalStatuses === undefined ? {} : { final: spec.finalStatuses }),
        resetMilliseconds: (response) => spec.waits?.(response, now()) ?? null,
        onThrottled: async (milliseconds) => context.rateLimit?.pause(milliseconds),
      },
    };
    return context.fetch(signed, init);
  }

  /** Waits as the body of an answer asks, or parks. */
  async function waitFor(error: HeadgateError, tries: number): Promise<void> {
    const seconds = error.retryAfterSeconds ?? Math.min(longestWaitSeconds, 2 ** (tries - 1));
    log.warn('trying a request again', { ...error.facts, code: error.code, tries, seconds });
    if (seconds > longestWaitSeconds)
      throw new ParkUntil(new Date(now().getTime() + seconds * 1000), error.message);
    await sleep(seconds * 1000);
    signal.throwIfAborted();
  }

  async function exchange(make: (baseUrl: string) => PlainRequest): Promise<RestAnswer> {
    let signature = await sign();
    let renewed = false;
    for (let tries = 1; ; tries++) {
      const request = make(await baseUrlOf(signature));
      const response = await send(request, signature);
      const { status } = response;
      if (status === 401 && signature.token !== undefined && !renewed) {
        await response.body?.cancel();
        renewed = true;
        signature = await sign(signature.token.token);
        continue;
      }
      try {
        return await judged(request, response);
      } catch (error) {
        if (!(error instanceof HeadgateError) || tries >= mostTries) throw error;
        if (!mayPass(error)) throw error;
        await waitFor(error, tries);
      }
    }
  }

  async function judged(request: PlainRequest, response: Response): Promise<RestAnswer> {
    const { url } = request;
    if (request.unread && response.ok)
      return { body: null, headers: response.headers, characters: 0, url, unread: response.body };
    const text = await readText(response, url);
    signal.throwIfAborted();
    const body = jsonOf(text);
    if (!response.ok) throw explainAnswer(spec, request, response, body ?? null, secrets, now());
    if (body === undefined)
      throw new HeadgateError(
        'source_answer_invalid',
        `${spec.title} answered ${request.method} ${url.pathname} with something that is no JSON${/^\s*</.test(text) ? ', a page of HTML' : ''}. Its service, or a proxy before it, may be out of order.`,
        { facts: { url: url.origin + url.pathname, unreadable: true } },
      );
    spec.judge?.(body, response, context);
    return { body, headers: response.headers, characters: text.length, url };
  }

  return {
    context,
    ask: (request, placed) =>
      exchange((baseUrl) => buildRequest(baseUrl, request, context, placed)),
    follow: (address, request) =>
      exchange((baseUrl) => ({
        ...buildRequest(baseUrl, { ...request, query: {} }, context),
        url: ownUrl(address, baseUrl),
      })),
  };
}

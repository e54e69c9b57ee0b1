import { Readable } from 'node:stream';
import { askedMilliseconds } from '../../shared/http/retryAfter.ts';
import type { RetryInit } from '../../shared/http/withRetries.ts';

/** What of the SDK's requests is used here; it has no type of its own that could be imported. */
interface HttpRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Answer {
  readonly response: {
    readonly statusCode: number;
    readonly reason: string;
    readonly headers: Record<string, string>;
    readonly body: Readable | undefined;
  };
}

/** Sends the AWS SDK's requests through the fetch that knows which addresses may be dialled, and that tries again. */
export const fetchHandler = (
  fetch: typeof globalThis.fetch,
): { handle(request: HttpRequest, options?: { abortSignal?: unknown }): Promise<Answer> } => ({
  async handle({ protocol, hostname, port, path, query, method, headers, body }, options) {
    const url = new URL(
      `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${queryText(query)}`,
    );
    const init: RetryInit = {
      method,
      // What is stored compressed is to come as it is stored, and its length be known.
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...(body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> }),
      ...(options?.abortSignal instanceof AbortSignal ? { signal: options.abortSignal } : {}),
      // A bucket elsewhere answers with a redirect that needs a new signature.
      redirect: 'manual',
      retry: {
        givesRefusals: true,
        // As the SDK hears it when it tries again itself; Retry-After comes from others who speak S3.
        resetMilliseconds: (response) =>
          askedMilliseconds(response.headers.get('x-amz-retry-after')),
      },
    };
    const response = await fetch(url, init);
    return {
      response: {
        statusCode: response.status,
        reason: response.statusText,
        headers: Object.fromEntries(response.headers),
        body: response.body === null ? undefined : Readable.fromWeb(response.body as never),
      },
    };
  },
});

/** As the SDK signed it: RFC 3986, in which more is encoded than in a URL's query. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const queryText = (query: HttpRequest['query']): string => {
  const parts = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === null
      ? [encode(name)]
      : (Array.isArray(value) ? value : [value]).map((each) => `${encode(name)}=${encode(each)}`),
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
};

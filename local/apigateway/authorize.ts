import * as z from 'zod';
import { type InvokeFunction, localAccount } from '../localService.ts';
import type { HttpApiRequest } from './httpApiEvent.ts';

/** A Lambda authorizer of type REQUEST, payload format 2.0, simple responses. */
export interface LambdaAuthorizer {
  readonly functionArn: string;
  /** e.g. `$request.header.Authorization`, `$request.querystring.token`, `$context.routeKey`. */
  readonly identitySources: readonly string[];
  /** How long an answer is used again for the same identity; 0 for never. */
  readonly resultTtlSeconds: number;
}

export type Authorization =
  | { readonly kind: 'allowed'; readonly context: unknown }
  /** An identity source is missing: 401, and the authorizer is not asked. */
  | { readonly kind: 'missing' }
  /** 403 */
  | { readonly kind: 'denied' };

/** Rejects when the authorizer fails or answers something else: the gateway then answers 500. */
export type Authorize = (
  request: HttpApiRequest,
  routeKey: string,
  event: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<Authorization>;

const simpleResponse = z.object({
  isAuthorized: z.boolean(),
  context: z.record(z.string(), z.unknown()).nullish(),
});

/** Answers beyond this number push out the oldest. */
const maxCached = 10_000;

/**
 * Asks a Lambda authorizer, and remembers its answers by identity, also across routes, as AWS does.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function lambdaAuthorizer(
  authorizer: LambdaAuthorizer,
  invoke: InvokeFunction,
  now: () => number,
): Authorize {
  const cache = new Map<string, { readonly until: number; readonly answer: Authorization }>();
  return async (request, routeKey, event, signal) => {
    const identity = authorizer.identitySources.map((source) =>
      identityOf(source, request, routeKey),
    );
    if (identity.some((value) => value === null || value === '')) return { kind: 'missing' };
    const key = JSON.stringify(identity);
    const cached = cache.get(key);
    if (cached && cached.until > now()) return cached.answer;
    cache.delete(key);
    const response = simpleResponse.parse(
      await invoke(
        authorizer.functionArn,
        {
          ...event,
          type: 'REQUEST',
          routeArn: `arn:aws:execute-api:${localAccount.region}:${localAccount.accountId}:${request.apiId}/$default/${request.method}${request.path}`,
          identitySource: identity,
        },
        { signal },
      ),
    );
    const answer: Authorization = response.isAuthorized
      ? { kind: 'allowed', context: response.context ?? null }
      : { kind: 'denied' };
    if (authorizer.resultTtlSeconds > 0) {
      cache.set(key, { until: now() + authorizer.resultTtlSeconds * 1000, answer });
      for (const oldest of cache.keys()) {
        if (cache.size <= maxCached) break;
        cache.delete(oldest);
      }
    }
    return answer;
  };
}

function identityOf(source: string, request: HttpApiRequest, routeKey: string): string | null {
  const [, kind, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  if (kind === 'header') return request.headers[name.toLowerCase()] ?? null;
  if (kind === 'querystring') return request.queryStringParameters[name] ?? null;
  if (source === '$context.routeKey') return routeKey;
  throw new Error(`the embedded API Gateway cannot read the identity source ${source}`);
}

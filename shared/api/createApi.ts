import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ApiEvent, type ApiResult, apiEvent } from './apiEvent.ts';
import { badField, parseOrThrow } from './fieldErrors.ts';
import { parseBody } from './parseBody.ts';
import { type Principal, principalOf, requireRole } from './principal.ts';
import { type ApiFunction, type Route, routeKey, tailOf } from './route.ts';
import { type InputOf, type OperationsOf, type OutputOf, type RouteOf, routes } from './routes.ts';
import { toProblem } from './toProblem.ts';

/** A validated request of one operation. */
export interface ApiRequest<Id extends OperationsOf<ApiFunction>> extends InputOf<Id> {
  /** null only for operations that answer without a token. */
  readonly principal: RouteOf<Id> extends { readonly public: true } ? null : Principal;
  readonly requestId: string;
  readonly log: Log;
  /** Aborted shortly before the function's time is over. */
  readonly signal: AbortSignal;
}

/** The code behind each operation of one function; answers the body of the operation's one success. */
export type Operations<Function extends ApiFunction> = {
  readonly [Id in OperationsOf<Function>]: (request: ApiRequest<Id>) => Promise<OutputOf<Id>>;
};

type AnyOperation = (request: {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly principal: Principal | null;
  readonly requestId: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}) => Promise<unknown>;

const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
/** What is left for answering once the work was told to stop. */
const answerMilliseconds = 500;

/**
 * The handler of one API function: finds the operation by API Gateway's route key, checks token, role and
 * request against the route, calls the operation, and turns whatever is thrown into a problem document.
 */
export function createApi<Function extends ApiFunction>(
  function_: Function,
  operations: Operations<Function>,
  { log }: { readonly log: Log },
): (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<ApiResult> {
  const byKey = new Map<string, { readonly route: Route; readonly run: AnyOperation }[]>();
  for (const route of routes) {
    if (route.function !== function_) continue;
    // Each operation takes exactly what its own route's schemas produce; the map forgets which.
    const run = operations[route.operationId as OperationsOf<Function>] as unknown as AnyOperation;
    byKey.set(routeKey(route), [...(byKey.get(routeKey(route)) ?? []), { route, run }]);
  }
  const answer = async (raw: unknown, context: Context): Promise<ApiResult> => {
    const event = apiEvent.parse(raw);
    const found = byKey
      .get(event.routeKey)
      ?.flatMap(({ route, run }) => {
        const params = withoutTail(route, event.pathParameters ?? {});
        return params === null ? [] : [{ route, run, params }];
      })
      .at(0);
    if (found === undefined) throw new HeadgateError('not_found', 'No such operation.');
    const { route, run, params } = found;
    const principal =
      route.public === true ? null : principalOf(event.requestContext.authorizer?.lambda);
    if (principal !== null) requireRole(principal, route.role);
    const { requestId } = event.requestContext;
    const body = await run({
      ...parseRequest(route, { ...event, pathParameters: params }),
      principal,
      requestId,
      log: log.with({
        requestId,
        operationId: route.operationId,
        ...(principal === null ? {} : { tenant: principal.tenant, tokenId: principal.tokenId }),
      }),
      signal: AbortSignal.timeout(
        Math.max(1, context.getRemainingTimeInMillis() - answerMilliseconds),
      ),
    });
    return success(route, body);
  };
  const handler = middy<unknown, ApiResult>().use(problems(log)).handler(answer);
  return (event, context) => handler(event, context as Context) as Promise<ApiResult>;
}

/** Path parameters with the tail of the route taken off the greedy one; null when it does not end so. */
function withoutTail(
  route: Route,
  params: Readonly<Record<string, string>>,
): Record<string, string> | null {
  const tail = tailOf(route);
  const [, name] = /\{(\w+)\+\}/.exec(route.path) ?? [];
  if (tail === '' || name === undefined) return { ...params };
  const value = params[name] ?? '';
  return value.endsWith(tail) && value.length > tail.length
    ? { ...params, [name]: value.slice(0, -tail.length) }
    : null;
}

function parseRequest(
  route: Route,
  event: ApiEvent,
): Readonly<Record<'params' | 'query' | 'headers' | 'body', unknown>> {
  const parse = (schema: z.ZodType | undefined, read: () => unknown, message: string): unknown =>
    schema === undefined ? undefined : parseOrThrow(schema, read(), message);
  return {
    params: parse(route.params, () => event.pathParameters ?? {}, 'The path is not valid.'),
    query: parse(
      route.query,
      () => queryOf(event.rawQueryString),
      'A query parameter is not valid.',
    ),
    headers: parse(route.headers, () => knownHeaders(route, event), 'A header is not valid.'),
    body: parse(route.body, () => parseBody(event), 'The request is not valid.'),
  };
}

function queryOf(raw: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(raw)) {
    if (name in query || name === '__proto__') throw badField([name], 'Given more than once.');
    query[name] = value;
  }
  return query;
}

const knownHeaders = (route: Route, event: ApiEvent): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(event.headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => route.headers !== undefined && name in route.headers.shape),
  );

function success(route: Route, body: unknown): ApiResult {
  const statusCode = Number(Object.keys(route.responses)[0]);
  if (route.responses[statusCode] === null) return { statusCode, headers: commonHeaders, body: '' };
  return {
    statusCode,
    headers: {
      ...commonHeaders,
      'content-type': 'application/json',
      ...(route.location === undefined ? {} : { location: fill(route.location, body) }),
    },
    body: JSON.stringify(body),
  };
}

const fill = (template: string, body: unknown): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((body as Record<string, unknown>)[name])),
  );

/** The one middleware that answers errors. */
const problems = (log: Log): MiddlewareObj<unknown, ApiResult> => ({
  name: 'problems',
  onError: (request) => {
    const requestId = requestIdOf(request.event);
    const problem = toProblem(request.error, requestId);
    const report = problem.status >= 500 ? log.error : log.info;
    report('request refused', { requestId, code: problem.code, error: request.error });
    request.response = {
      statusCode: problem.status,
      headers: {
        ...commonHeaders,
        'content-type': 'application/problem+json',
        ...(problem.retryAfterSeconds === undefined
          ? {}
          : { 'retry-after': String(problem.retryAfterSeconds) }),
        ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      },
      body: JSON.stringify(problem),
    };
  },
});

const requestIdOf = (event: unknown): string => {
  const parsed = apiEvent.safeParse(event);
  return parsed.success ? parsed.data.requestContext.requestId : '';
};

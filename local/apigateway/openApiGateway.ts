import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Log } from '../../shared/log.ts';
import { type InvokeFunction, LambdaFunctionError } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { type Authorize, type LambdaAuthorizer, lambdaAuthorizer } from './authorize.ts';
import { type CorsConfiguration, corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { type HttpApiAnswer, messageAnswer, readFunctionAnswer } from './httpApiAnswer.ts';
import { type HttpApiRequest, httpApiEvent, readHttpApiRequest, withBody } from './httpApiEvent.ts';
import { readRequestBody } from './readRequestBody.ts';
import { type MatchedRoute, routeTable } from './routeTable.ts';

export interface HttpApiRoute {
  /** `METHOD /path/{variable}/{rest+}`, METHOD may be ANY; or `$default`. */
  readonly routeKey: string;
  readonly functionArn: string;
  /** Name in `authorizers`; left out: everybody is let in. */
  readonly authorizer?: string;
}

/** One finished request, for access logs. */
export interface AccessRecord {
  readonly requestId: string;
  readonly time: string;
  readonly sourceIp: string;
  readonly method: string;
  readonly path: string;
  /** Empty when no route matched. */
  readonly routeKey: string;
  readonly status: number;
  readonly responseBytes: number;
  readonly milliseconds: number;
}

export interface ApiGatewayOptions {
  readonly routes: readonly HttpApiRoute[];
  readonly authorizers?: Readonly<Record<string, LambdaAuthorizer>>;
  readonly cors?: CorsConfiguration;
  readonly invoke: InvokeFunction;
  readonly onAccess?: (record: AccessRecord) => void;
  /** Takes requests that no route matches, e.g. to serve files; else they are 404. */
  readonly fallback?: RequestListener;
  readonly apiId?: string;
  readonly now?: () => number;
  /** 30 s on AWS. */
  readonly integrationTimeoutMilliseconds?: number;
  readonly log?: Log;
}

export interface LocalApiGateway {
  /** For a `node:http` server of its own. */
  readonly listener: RequestListener;
  /** Answers what is under way with 503. */
  close(): void;
}

const maxBodyBytes = 10 * 1024 * 1024;
/** Lambda's limit of an event, which the gateway runs into first with bodies that go as base64. */
const maxEventBytes = 6_291_456;

/**
 * An HTTP API (API Gateway v2) with Lambda integrations and authorizers, stage `$default`.
 * Throws when a route or its authorizer cannot be read.
 */
export function openApiGateway(options: ApiGatewayOptions): LocalApiGateway {
  const { invoke, cors, now = Date.now, apiId = 'local', log } = options;
  const { integrationTimeoutMilliseconds = 30_000 } = options;
  const find = routeTable(options.routes);
  const authorizers = new Map<string, Authorize>();
  for (const [name, authorizer] of Object.entries(options.authorizers ?? {}))
    authorizers.set(name, lambdaAuthorizer(authorizer, invoke, now));
  for (const { routeKey, authorizer } of options.routes)
    if (authorizer !== undefined && !authorizers.has(authorizer))
      throw new Error(`route ${routeKey} names the authorizer ${authorizer}, which is not there`);
  const closing = new AbortController();

  /** Asks the authorizer, then the function. */
  const answerRoute = async (
    request: HttpApiRequest,
    { route, pathParameters }: MatchedRoute<HttpApiRoute>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<HttpApiAnswer> => {
    const event = httpApiEvent(request, route.routeKey, pathParameters);
    let { requestContext } = event;
    const authorize = authorizers.get(route.authorizer ?? '');
    if (authorize) {
      const authorization = await authorize(request, route.routeKey, event, signal);
      if (authorization.kind === 'missing') return messageAnswer(401, 'Unauthorized');
      if (authorization.kind === 'denied') return messageAnswer(403, 'Forbidden');
      requestContext = { ...requestContext, authorizer: { lambda: authorization.context } };
    }
    const payload = withBody({ ...event, requestContext }, request.headers, body);
    if (Buffer.byteLength(JSON.stringify(payload)) > maxEventBytes)
      return messageAnswer(413, 'Request Entity Too Large');
    return readFunctionAnswer(await invoke(route.functionArn, payload, { signal }));
  };

  const answerWithin = async (
    request: HttpApiRequest,
    route: MatchedRoute<HttpApiRoute>,
    body: Buffer,
    gone: AbortSignal,
  ): Promise<HttpApiAnswer> => {
    const timeout = AbortSignal.timeout(integrationTimeoutMilliseconds);
    const signal = AbortSignal.any([gone, timeout, closing.signal]);
    try {
      return await answerRoute(request, route, body, signal);
    } catch (error) {
      if (signal.aborted) return messageAnswer(503, 'Service Unavailable');
      if (error instanceof AwsError && error.status === 429)
        return messageAnswer(503, 'Service Unavailable');
      if (!(error instanceof LambdaFunctionError))
        log?.error('a request failed in the API gateway', { path: request.path, error });
      return messageAnswer(500, 'Internal Server Error');
    }
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const receivedAt = now();
    const started = performance.now();
    const requestId = `${randomBytes(11).toString('base64url')}=`;
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client has gone')));
    let request: HttpApiRequest;
    let route: MatchedRoute<HttpApiRoute> | null;
    try {
      request = readHttpApiRequest(incoming, { requestId, apiId, receivedAt });
      route = find(request.method, request.path);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
      return send(response, messageAnswer(400, 'Bad Request'), requestId);
    }
    const finish = (answer: HttpApiAnswer): void => {
      const headers = cors ? { ...answer.headers, ...corsHeaders(cors, request) } : answer.headers;
      send(response, { ...answer, headers }, requestId);
      options.onAccess?.({
        requestId,
        time: new Date(receivedAt).toISOString(),
        sourceIp: request.sourceIp,
        method: request.method,
        path: request.path,
        routeKey: route?.route.routeKey ?? '',
        status: answer.status,
        responseBytes: answer.body.length,
        milliseconds: performance.now() - started,
      });
    };
    if (cors && isPreflight(request))
      return finish({
        status: 204,
        headers: preflightHeaders(cors, request),
        body: Buffer.alloc(0),
      });
    if (!route && options.fallback) return void options.fallback(incoming, response);
    if (!route) return finish(messageAnswer(404, 'Not Found'));
    const body = await readRequestBody(incoming, maxBodyBytes);
    if (body === null) return finish(messageAnswer(413, 'Request Entity Too Large'));
    finish(await answerWithin(request, route, body, gone.signal));
  };

  return {
    listener: (request, response) => {
      handle(request, response).catch((error: unknown) => {
        // A client that left half way is nobody's fault.
        if (!response.destroyed) log?.error('a request failed in the API gateway', { error });
        response.destroy();
      });
    },
    close: () => closing.abort(new Error('the API gateway is closing')),
  };
}

function send(response: ServerResponse, answer: HttpApiAnswer, requestId: string): void {
  if (response.destroyed) return;
  const { status, headers, body } = answer;
  const bodiless = status === 204 || status === 304 || status < 200;
  try {
    response.writeHead(status, {
      ...(headers as Record<string, string | string[]>),
      ...(bodiless ? {} : { 'content-length': body.length }),
      'apigw-requestid': requestId,
    });
    response.end(bodiless ? undefined : body);
  } catch (error) {
    // A function's header that HTTP forbids.
    if (response.headersSent) throw error;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const failure = messageAnswer(500, 'Internal Server Error');
    response.writeHead(500, { 'content-type': 'application/json' }).end(failure.body);
  }
}

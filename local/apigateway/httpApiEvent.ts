import type { IncomingMessage } from 'node:http';
import { localAccount } from '../localService.ts';

/** A request, before it is known which route takes it. */
export interface HttpApiRequest {
  readonly requestId: string;
  readonly apiId: string;
  readonly method: string;
  /** As it was sent, percent-encoded. */
  readonly path: string;
  readonly rawQueryString: string;
  /** Lower-case names; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly queryStringParameters: Readonly<Record<string, string>>;
  readonly sourceIp: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** Throws URIError when the path is not percent-encoded properly, or is no path. */
export function readHttpApiRequest(
  request: IncomingMessage,
  facts: Pick<HttpApiRequest, 'requestId' | 'apiId' | 'receivedAt'>,
): HttpApiRequest {
  const url = request.url ?? '/';
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const rawQueryString = cut < 0 ? '' : url.slice(cut + 1);
  if (!path.startsWith('/')) throw new URIError('not a path');
  decodeURIComponent(path);
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? '').toLowerCase();
    const value = request.rawHeaders[index + 1] ?? '';
    if (name === 'cookie') cookies.push(...value.split(/; */).filter((cookie) => cookie !== ''));
    else headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
  }
  return {
    ...facts,
    method: request.method ?? 'GET',
    path,
    rawQueryString,
    headers: Object.assign(headers, forwarded(request, headers)),
    cookies,
    queryStringParameters: joined(new URLSearchParams(rawQueryString)),
    sourceIp: addressOf(request),
  };
}

/** What the gateway adds about the connection. */
function forwarded(
  request: IncomingMessage,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const before = headers['x-forwarded-for'];
  const address = addressOf(request);
  return {
    'x-forwarded-for': before === undefined ? address : `${before}, ${address}`,
    'x-forwarded-port': String(request.socket.localPort ?? 0),
    'x-forwarded-proto': 'http',
  };
}

const addressOf = (request: IncomingMessage): string =>
  (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');

function joined(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const [name, value] of parameters) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(values);
}

/**
 * What integrations and authorizers get, payload format 2.0, without the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpApiEvent(
  request: HttpApiRequest,
  routeKey: string,
  pathParameters: Readonly<Record<string, string>>,
): Record<string, unknown> & { readonly requestContext: Record<string, unknown> } {
  // The gateway hands on the decoded path under this name.
  const rawPath = decodeURIComponent(request.path);
  const { headers, cookies, queryStringParameters } = request;
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: request.rawQueryString,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers,
    ...(Object.keys(queryStringParameters).length > 0 ? { queryStringParameters } : {}),
    requestContext: {
      accountId: localAccount.accountId,
      apiId: request.apiId,
      domainName: headers['host'] ?? '',
      domainPrefix: (headers['host'] ?? '').split('.')[0] ?? '',
      http: {
        method: request.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey,
      stage: '$default',
      time: logTime(request.receivedAt),
      timeEpoch: request.receivedAt,
    },
    ...(Object.keys(pathParameters).length > 0 ? { pathParameters } : {}),
  };
}

/** What the gateway takes for text; anything else is handed on in base64. */
const textType = /^(?:text\/|application\/(?:json|javascript|xml|[\w.+-]+\+(?:json|xml))\b)/i;

/** An event with its body, if there is one. */
export function withBody(
  event: Record<string, unknown>,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Record<string, unknown> {
  if (body.length === 0) return { ...event, isBase64Encoded: false };
  const text = textType.test(headers['content-type'] ?? '') && !headers['content-encoding'];
  return { ...event, body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}

/** `12/Mar/2026:19:03:58 +0000` */
function logTime(milliseconds: number): string {
  const [, day = '', month = '', year = ''] = new Date(milliseconds).toUTCString().split(' ');
  return `${day}/${month}/${year}:${new Date(milliseconds).toISOString().slice(11, 19)} +0000`;
}

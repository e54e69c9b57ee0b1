import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import {
  type AccessRecord,
  type ApiGatewayOptions,
  openApiGateway,
} from '../../../local/apigateway/openApiGateway.ts';
import { LambdaFunctionError } from '../../../local/localService.ts';
import { AwsError } from '../../../local/protocol/awsError.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Event = Record<string, unknown> & {
  readonly headers: Record<string, string>;
  readonly requestContext: Record<string, unknown>;
};
type Handler = (event: Event, signal: AbortSignal) => unknown;

interface Host {
  readonly url: string;
  readonly port: number;
  /** Functions called and their events. */
  readonly calls: { readonly name: string; readonly event: Event }[];
}

async function host(
  options: Omit<ApiGatewayOptions, 'invoke'>,
  functions: Readonly<Record<string, Handler>>,
): Promise<Host> {
  const calls: Host['calls'] = [];
  const gateway = openApiGateway({
    ...options,
    async invoke(name, payload, { signal }) {
      const event = payload as Event;
      calls.push({ name, event });
      return await functions[name]!(event, signal);
    },
  });
  const server = createServer(gateway.listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    gateway.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, calls };
}

const echo: Handler = (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(event),
});
const api = async (
  functions: Readonly<Record<string, Handler>> = { echo },
  options: Partial<ApiGatewayOptions> = {},
): Promise<Host> =>
  await host(
    { routes: [{ routeKey: '$default', functionArn: Object.keys(functions)[0]! }], ...options },
    functions,
  );
/** Node's fetch folds and normalizes; this sends the bytes as they stand. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(text.replaceAll('\n', '\r\n'));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

it('hands on a request in payload format 2.0', async () => {
  const { port, calls } = await host(
    { routes: [{ routeKey: 'POST /v1/sources/{id}/files/{name+}', functionArn: 'echo' }] },
    { echo },
  );
  const body = '{"a":1}';
  await raw(
    port,
    `POST /v1/sources/caf%C3%A9/files/a/b%20c?tag=x&tag=y%2Fz&empty= HTTP/1.1
Host: api.example:80
User-Agent: test
X-Twice: 1
x-twice: 2
Cookie: a=1; b=2
Content-Type: application/json
Content-Length: ${body.length}
Connection: close

${body}`,
  );
  const { event } = calls[0]!;
  const { requestContext, ...rest } = event;
  expect(rest).toEqual({
    version: '2.0',
    routeKey: 'POST /v1/sources/{id}/files/{name+}',
    rawPath: '/v1/sources/café/files/a/b c',
    rawQueryString: 'tag=x&tag=y%2Fz&empty=',
    cookies: ['a=1', 'b=2'],
    headers: {
      host: 'api.example:80',
      'user-agent': 'test',
      'x-twice': '1,2',
      'content-type': 'application/json',
      'content-length': '7',
      connection: 'close',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': String(port),
      'x-forwarded-proto': 'http',
    },
    queryStringParameters: { tag: 'x,y/z', empty: '' },
    pathParameters: { id: 'café', name: 'a/b c' },
    body: '{"a":1}',
    isBase64Encoded: false,
  });
  expect(requestContext).toMatchObject({
    accountId: '000000000000',
    domainName: 'api.example:80',
    domainPrefix: 'api',
    http: {
      method: 'POST',
      path: '/v1/sources/café/files/a/b c',
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
      userAgent: 'test',
    },
    routeKey: 'POST /v1/sources/{id}/files/{name+}',
    stage: '$default',
  });
  expect(requestContext['time']).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(requestContext['timeEpoch']).toBeGreaterThan(1.7e12);
  expect(requestContext).not.toHaveProperty('authorizer');
});

it('leaves out what a request does not have', async () => {
  const { url, calls } = await api();
  await fetch(url);
  const { event } = calls[0]!;
  for (const name of ['cookies', 'queryStringParameters', 'pathParameters', 'body'])
    expect(event).not.toHaveProperty(name);
  expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
});

it('hands on anything but text in base64', async () => {
  const { url, calls } = await api();
  const send = async (type: string, body: Uint8Array, more = {}): Promise<Event> => {
    const headers = { 'content-type': type, ...more };
    await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
    return calls.at(-1)!.event;
  };
  const bytes = Uint8Array.of(0, 255, 10);
  expect(await send('application/octet-stream', bytes)).toMatchObject({
    body: 'AP8K',
    isBase64Encoded: true,
  });
  const text = Buffer.from('ü');
  for (const type of ['text/csv', 'application/json; charset=utf-8', 'application/problem+json'])
    expect(await send(type, text)).toMatchObject({ body: 'ü', isBase64Encoded: false });
  expect(await send('application/jsonish', text)).toMatchObject({ isBase64Encoded: true });
  expect(await send('text/csv', text, { 'content-encoding': 'gzip' })).toMatchObject({
    isBase64Encoded: true,
  });
});

it('chooses the most specific route, and the named method before ANY', async () => {
  const keys = [
    'GET /a/b',
    'ANY /a/b',
    'GET /a/{x}',
    'GET /a/{rest+}',
    'ANY /{rest+}',
    'DELETE /a/{x}',
  ];
  const named: Handler = (event) => event['routeKey'];
  const { url } = await host(
    {
      routes: [...keys.toReversed(), '$default'].map((routeKey) => ({
        routeKey,
        functionArn: 'named',
      })),
    },
    { named },
  );
  const route = async (method: string, path: string): Promise<string> =>
    await (await fetch(url + path, { method })).text();
  expect(await route('GET', '/a/b')).toBe('GET /a/b');
  expect(await route('POST', '/a/b')).toBe('ANY /a/b');
  expect(await route('GET', '/a/c')).toBe('GET /a/{x}');
  expect(await route('DELETE', '/a/c')).toBe('DELETE /a/{x}');
  expect(await route('PUT', '/a/c')).toBe('ANY /{rest+}');
  expect(await route('GET', '/a/c/d')).toBe('GET /a/{rest+}');
  expect(await route('GET', '/z')).toBe('ANY /{rest+}');
  expect(await route('GET', '/')).toBe('$default');
  expect(await route('GET', '/a/%62')).toBe('GET /a/b');
});

it('answers 404 where there is no route, 400 where there is no path', async () => {
  const { url, port, calls } = await host(
    { routes: [{ routeKey: 'GET /a', functionArn: 'echo' }] },
    { echo },
  );
  const missing = await fetch(`${url}/b`);
  expect([missing.status, await missing.json()]).toEqual([404, { message: 'Not Found' }]);
  expect((await fetch(`${url}/a`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(`${url}/%ff`)).status).toBe(400);
  const absolute = await raw(port, 'GET http://other/a HTTP/1.1\nHost: x\nConnection: close\n\n');
  expect(absolute).toMatch(/^HTTP\/1.1 400 /);
  expect(calls).toEqual([]);
  const everything = await api();
  expect((await fetch(`${everything.url}/%ff`)).status).toBe(400);
});

it('refuses routes it cannot read', () => {
  const open = (...routeKeys: string[]): unknown =>
    openApiGateway({
      routes: routeKeys.map((routeKey) => ({ routeKey, functionArn: 'f' })),
      invoke: async () => null,
    });
  expect(() => open('FETCH /a')).toThrow('FETCH /a');
  expect(() => open('GET /{a+}/b')).toThrow('must come last');
  expect(() => open('GET /a', 'GET /a')).toThrow('stands twice');
  expect(() =>
    openApiGateway({
      routes: [{ routeKey: 'GET /a', functionArn: 'f', authorizer: 'tokens' }],
      invoke: async () => null,
    }),
  ).toThrow('the authorizer tokens');
});

it('sends what a function answers', async () => {
  let answer: unknown;
  const { url } = await api({ f: () => answer });
  const get = async (): Promise<Response> => await fetch(url);

  answer = {
    statusCode: 201,
    headers: { 'X-One': 1, Connection: 'upgrade', 'Content-Length': '3' },
    cookies: ['a=1; Path=/', 'b=2'],
    body: 'made',
  };
  const made = await get();
  expect([made.status, await made.text()]).toEqual([201, 'made']);
  expect(made.headers.get('x-one')).toBe('1');
  expect(made.headers.get('content-length')).toBe('4');
  expect(made.headers.get('content-type')).toBe('text/plain;charset=utf-8');
  expect(made.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
  expect(made.headers.get('apigw-requestid')).toMatch(/=$/);

  answer = {
    statusCode: '200',
    body: Buffer.from([0, 255]).toString('base64'),
    isBase64Encoded: true,
  };
  expect(new Uint8Array(await (await get()).arrayBuffer())).toEqual(Uint8Array.of(0, 255));

  answer = { rows: 3 };
  const plain = await get();
  expect(plain.headers.get('content-type')).toBe('application/json');
  expect(await plain.json()).toEqual({ rows: 3 });
  answer = 'hello';
  expect(await (await get()).text()).toBe('hello');
  answer = { statusCode: 204, headers: { 'content-type': 'text/plain' } };
  const empty = await get();
  expect([empty.status, await empty.text()]).toEqual([204, '']);

  for (answer of [
    { statusCode: 'ok' },
    { statusCode: 200, headers: 'x' },
    { statusCode: 200, headers: { 'x-bad': 'a\r\nb: c' } },
    { statusCode: 200, body: { not: 'text' } },
  ]) {
    const broken = await get();
    expect([broken.status, await broken.json()]).toEqual([
      500,
      { message: 'Internal Server Error' },
    ]);
  }
});

it('answers 500 when a function fails, 503 when it is throttled or takes too long', async () => {
  let behaviour: Handler = () => null;
  const { url } = await api(
    { f: async (event, signal) => await behaviour(event, signal) },
    { integrationTimeoutMilliseconds: 50 },
  );
  behaviour = () => {
    throw new LambdaFunctionError('Error', 'secret detail', '{}');
  };
  const failed = await fetch(url);
  expect([failed.status, await failed.text()]).toEqual([
    500,
    '{"message":"Internal Server Error"}',
  ]);
  behaviour = () => {
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', { status: 429 });
  };
  expect((await fetch(url)).status).toBe(503);
  behaviour = async (_, signal) =>
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  const late = await fetch(url);
  expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }]);
});

it('answers 413 over 10 MB, and over what Lambda takes, and goes on', async () => {
  const { url, calls } = await api();
  const post = async (bytes: number, type: string): Promise<Response> =>
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type },
      body: Buffer.alloc(bytes, 'a'),
    });
  const mebibyte = 1024 * 1024;
  const over = await post(10 * mebibyte + 1, 'text/plain');
  expect([over.status, await over.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
  expect((await post(5 * mebibyte, 'application/octet-stream')).status).toBe(413);
  expect(calls).toEqual([]);
  expect((await post(5 * mebibyte, 'text/plain')).status).toBe(200);
});

it('lets nobody in without identity, asks the authorizer else, and hands on its context', async () => {
  let seen: Event | undefined;
  const functions: Record<string, Handler> = {
    echo,
    tokens: (event) => {
      seen = event;
      const [token] = event['identitySource'] as string[];
      if (token === 'Bearer broken') throw new Error('the table is gone');
      if (token === 'Bearer odd') return { allow: true };
      return {
        isAuthorized: token === 'Bearer good',
        context: { tenant: 'acme', roles: ['admin'] },
      };
    },
  };
  const { url, calls } = await host(
    {
      routes: [
        { routeKey: 'GET /v1/{x}', functionArn: 'echo', authorizer: 'tokens' },
        { routeKey: 'GET /open', functionArn: 'echo' },
      ],
      authorizers: {
        tokens: {
          functionArn: 'tokens',
          identitySources: ['$request.header.Authorization'],
          resultTtlSeconds: 0,
        },
      },
    },
    functions,
  );
  const get = async (path: string, authorization?: string): Promise<Response> =>
    await fetch(url + path, { headers: authorization ? { authorization } : {} });
  const none = await get('/v1/a');
  expect([none.status, await none.json()]).toEqual([401, { message: 'Unauthorized' }]);
  expect(calls).toEqual([]);
  const bad = await get('/v1/a', 'Bearer bad');
  expect([bad.status, await bad.json()]).toEqual([403, { message: 'Forbidden' }]);
  for (const token of ['Bearer broken', 'Bearer odd'])
    expect((await get('/v1/a', token)).status).toBe(500);
  expect(calls.map(({ name }) => name)).toEqual(['tokens', 'tokens', 'tokens']);

  const good = (await (await get('/v1/a?b=1', 'Bearer good')).json()) as Event;
  expect(good.requestContext['authorizer']).toEqual({
    lambda: { tenant: 'acme', roles: ['admin'] },
  });
  expect(seen).toMatchObject({
    version: '2.0',
    type: 'REQUEST',
    routeKey: 'GET /v1/{x}',
    routeArn: 'arn:aws:execute-api:us-east-1:000000000000:local/$default/GET/v1/a',
    identitySource: ['Bearer good'],
    rawQueryString: 'b=1',
    pathParameters: { x: 'a' },
  });
  expect((await get('/open')).status).toBe(200);
});

it('asks the authorizer once per identity while its answer is fresh', async () => {
  let time = 1_000_000;
  const functions: Record<string, Handler> = {
    echo,
    tokens: (event) => ({ isAuthorized: (event['identitySource'] as string[])[0] === 'good' }),
  };
  const { url, calls } = await host(
    {
      routes: [
        { routeKey: 'GET /a', functionArn: 'echo', authorizer: 'tokens' },
        { routeKey: 'GET /b', functionArn: 'echo', authorizer: 'tokens' },
      ],
      authorizers: {
        tokens: {
          functionArn: 'tokens',
          identitySources: ['$request.header.authorization'],
          resultTtlSeconds: 60,
        },
      },
      now: () => time,
    },
    functions,
  );
  const status = async (path: string, authorization: string): Promise<number> =>
    (await fetch(url + path, { headers: { authorization } })).status;
  const asked = (): number => calls.filter(({ name }) => name === 'tokens').length;
  expect(await status('/a', 'good')).toBe(200);
  expect(await status('/b', 'good')).toBe(200);
  expect(asked()).toBe(1);
  expect(await status('/a', 'bad')).toBe(403);
  expect(await status('/a', 'bad')).toBe(403);
  expect(asked()).toBe(2);
  time += 60_000;
  expect(await status('/a', 'good')).toBe(200);
  expect(asked()).toBe(3);
});

it('answers preflights itself and marks answers for allowed origins only', async () => {
  const { url, calls } = await api(
    { f: () => ({ statusCode: 200, headers: { 'access-control-allow-origin': 'https://evil' } }) },
    {
      cors: {
        allowOrigins: ['https://console.example'],
        allowMethods: ['GET', 'POST'],
        allowHeaders: ['authorization'],
        exposeHeaders: ['x-total'],
        maxAgeSeconds: 600,
        allowCredentials: true,
      },
    },
  );
  const preflight = async (origin: string): Promise<Response> =>
    await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
  const allowed = await preflight('https://console.example');
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://console.example',
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'authorization',
    'access-control-max-age': '600',
    'access-control-allow-credentials': 'true',
  });
  const refused = await preflight('https://other.example');
  expect(refused.status).toBe(204);
  expect(refused.headers.has('access-control-allow-origin')).toBe(false);
  expect(calls).toEqual([]);

  const answer = await fetch(url, { headers: { origin: 'https://console.example' } });
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://console.example');
  expect(answer.headers.get('access-control-expose-headers')).toBe('x-total');
});

it('tells of every request when it is finished', async () => {
  const records: AccessRecord[] = [];
  const { url } = await host(
    {
      routes: [{ routeKey: 'GET /a/{x}', functionArn: 'f' }],
      onAccess: (record) => records.push(record),
    },
    { f: () => ({ statusCode: 202, body: 'four' }) },
  );
  await fetch(`${url}/a/b?token=secret`);
  await fetch(`${url}/none`);
  expect(records).toMatchObject([
    { method: 'GET', path: '/a/b', routeKey: 'GET /a/{x}', status: 202, responseBytes: 4 },
    { path: '/none', routeKey: '', status: 404 },
  ]);
  expect(JSON.stringify(records)).not.toContain('secret');
});

it('hands requests without a route to the fallback', async () => {
  const { url } = await host(
    {
      routes: [{ routeKey: 'GET /v1/a', functionArn: 'echo' }],
      fallback: (request, response) => void response.end(`file ${request.url}`),
    },
    { echo },
  );
  expect(await (await fetch(`${url}/index.html`)).text()).toBe('file /index.html');
  expect((await fetch(`${url}/v1/a`)).headers.get('content-type')).toBe('application/json');
});

it('survives clients that leave half way, and gives up waiting for them', async () => {
  let aborted = 0;
  const { url, port } = await api({
    f: async (_, signal) =>
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve('done'), 150);
        signal.addEventListener('abort', () => {
          aborted++;
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  });
  const upload = httpRequest({ port, method: 'POST', headers: { 'content-length': 100 } });
  upload.on('error', () => undefined);
  upload.write('half');
  await new Promise((resolve) => setTimeout(resolve, 20));
  upload.destroy();
  const left = new AbortController();
  const leaving = fetch(url, { signal: left.signal }).catch(() => 'left');
  await new Promise((resolve) => setTimeout(resolve, 50));
  left.abort();
  expect(await leaving).toBe('left');
  await expect.poll(() => aborted).toBe(1);
  expect(await (await fetch(url)).text()).toBe('done');
});

import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFetch } from '../../../shared/http/createFetch.ts';
import { eventually } from '../../eventually.ts';
import { type HttpServer, startHttpServer } from '../../httpServer.ts';
import { makeCertificates } from '../../postgresCertificates.ts';

const open: HttpServer[] = [];
async function source(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  tls?: { readonly key: string; readonly cert: string },
): Promise<HttpServer> {
  const server = await startHttpServer(answer, tls);
  open.push(server);
  return server;
}
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const allow = ['127.0.0.0/8'];
const codeOf = async (call: Promise<unknown>): Promise<string> =>
  await call.then(
    () => 'no error',
    (error) => error.code ?? error.name,
  );

describe('what fetch promises is kept', () => {
  it('method, headers and body arrive, and status, headers and body come back', async () => {
    const { origin } = await source(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.writeHead(418, 'Teapot', { 'x-multi': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] });
      const { 'content-length': length, 'x-own': own } = request.headers;
      response.end(JSON.stringify({ method: request.method, url: request.url, body, length, own }));
    });
    const fetch = createFetch({ allow });
    const response = await fetch(`${origin}/a%20b?c=d#e`, {
      method: 'POST',
      headers: { 'X-Own': '1' },
      body: 'größer',
    });
    expect([response.status, response.statusText, response.ok]).toEqual([418, 'Teapot', false]);
    expect(response.headers.get('x-multi')).toBe('a, b');
    expect(response.headers.getSetCookie()).toEqual(['c=1', 'd=2']);
    expect([response.url, response.redirected]).toEqual([`${origin}/a%20b?c=d`, false]);
    expect(await response.json()).toEqual({
      method: 'POST',
      url: '/a%20b?c=d',
      body: 'größer',
      length: '8',
      own: '1',
    });
  });

  it('forms, streams and Request objects are sent too', async () => {
    const { origin } = await source(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(`${request.headers['content-type']} ${body}`);
    });
    const fetch = createFetch({ allow });
    const send = async (input: string | Request, init?: RequestInit): Promise<string> =>
      await (await fetch(input, init)).text();
    expect(await send(origin, { method: 'POST', body: new URLSearchParams({ a: 'ü' }) })).toBe(
      'application/x-www-form-urlencoded;charset=UTF-8 a=%C3%BC',
    );
    const stream = new Blob(['streamed']).stream();
    expect(await send(origin, { method: 'PUT', body: stream, duplex: 'half' })).toBe(
      'undefined streamed',
    );
    expect(await send(new Request(origin, { method: 'POST', body: 'request' }))).toContain(
      'request',
    );
  });

  it('compressed answers are decompressed, in every encoding', async () => {
    const text = 'some text, '.repeat(1000);
    const encoded: Record<string, Buffer> = {
      gzip: gzipSync(text),
      br: brotliCompressSync(text),
      deflate: deflateSync(text),
      zstd: zstdCompressSync(text),
      'gzip, br': brotliCompressSync(gzipSync(text)),
      identity: Buffer.from(text),
    };
    const { origin } = await source((request, response) => {
      const encoding = decodeURIComponent(request.url?.slice(1) ?? '');
      response.writeHead(200, { 'content-encoding': encoding }).end(encoded[encoding]);
    });
    const fetch = createFetch({ allow });
    for (const encoding of Object.keys(encoded))
      expect(await (await fetch(`${origin}/${encodeURIComponent(encoding)}`)).text()).toBe(text);
    expect(await codeOf(fetch(`${origin}/compress`))).toBe('source_answer_invalid');
    expect(await codeOf(fetch(`${origin}/gzip,gzip,gzip`))).toBe('source_answer_invalid');
  });

  it('answers without a body have none', async () => {
    const { origin } = await source((request, response) => {
      response.writeHead(Number(request.url?.slice(1)), { etag: '"1"' }).end();
    });
    const fetch = createFetch({ allow });
    for (const status of [204, 304]) {
      const response = await fetch(`${origin}/${status}`);
      expect([response.status, response.body, response.headers.get('etag')]).toEqual([
        status,
        null,
        '"1"',
      ]);
    }
    expect(await (await fetch(`${origin}/200`, { method: 'HEAD' })).text()).toBe('');
  });

  it('one connection serves many requests', async () => {
    const { origin, requests } = await source((_request, response) => response.end('x'));
    const fetch = createFetch({ allow });
    for (let count = 0; count < 5; count++) await (await fetch(origin)).text();
    expect(new Set(requests.map(({ socket }) => socket.remotePort)).size).toBe(1);
  });
});

describe('what a user’s address can reach', () => {
  it('is nothing private, before a byte is sent', async () => {
    const { port, requests } = await source((_request, response) => response.end('secret'));
    const fetch = createFetch({ allow: [], resolve: async () => ['127.0.0.1'] });
    for (const url of [
      `http://127.0.0.1:${port}`,
      `https://127.0.0.1:${port}`,
      `https://rebound.example:${port}`,
    ])
      expect(await codeOf(fetch(url))).toBe('address_refused');
    expect(requests).toHaveLength(0);
  });

  it('is https only, unless the target was opened', async () => {
    const fetch = createFetch({ allow: ['10.0.0.0/8'], resolve: async () => ['93.184.216.34'] });
    expect(await codeOf(fetch('http://example.com/'))).toBe('address_refused');
    for (const url of [
      'ftp://example.com/',
      'file:///etc/passwd',
      'data:text/plain,x',
      'gopher://example.com/',
    ])
      expect(await codeOf(fetch(url))).toBe('address_refused');
    expect(await codeOf(fetch('not a url'))).toBe('invalid_config');
  });

  it('never comes with credentials in the URL, and they are not repeated in the message', async () => {
    const failure: Error = await createFetch({ allow })('https://user:hunter2@example.com/').catch(
      (e) => e,
    );
    expect(failure).toMatchObject({ code: 'address_refused' });
    expect(`${failure.message} ${JSON.stringify(failure)}`).not.toMatch(/hunter2|user:/);
  });

  it('is resolved once: an answer that changes afterwards changes nothing', async () => {
    const { port, requests } = await source((_request, response) => response.end('reached'));
    let asked = 0;
    // First the address that was checked, then another: what a rebinding name server does.
    const resolve = vi.fn(async () => (asked++ === 0 ? ['127.0.0.1'] : ['169.254.169.254']));
    const fetch = createFetch({ allow, resolve });
    const response = await fetch(`http://rebinding.example:${port}/`);
    expect(await response.text()).toBe('reached');
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(requests[0]?.headers.host).toBe(`rebinding.example:${port}`);
    expect(await codeOf(fetch(`http://rebinding.example:${port}/`))).toBe('address_refused');
  });

  it('is checked again after every redirect', async () => {
    const inside = await source((_request, response) => response.end('secret'));
    const { origin } = await source((request, response) => {
      const target = new URL(request.url ?? '', 'http://x').searchParams.get('to') ?? '';
      response.writeHead(302, { location: target }).end();
    });
    // Only the first server's own port is reachable by name; everything else is refused by address.
    const fetch = createFetch({ allow: ['127.0.0.1'], resolve: async () => ['10.0.0.1'] });
    for (const to of [
      'http://169.254.169.254/latest/meta-data/',
      'https://10.0.0.1/',
      'http://127.0.0.2/',
      'https://[::1]/',
      'https://name.example/',
      'http://2852039166/',
      'file:///etc/passwd',
      'https://user:pass@127.0.0.1/',
    ])
      expect([to, await codeOf(fetch(`${origin}/?to=${encodeURIComponent(to)}`))]).toEqual([
        to,
        'address_refused',
      ]);
    expect(inside.requests).toHaveLength(0);
  });

  it('the caller cannot change Host or framing by headers', async () => {
    const { origin, port, requests } = await source((_request, response) => response.end());
    await createFetch({ allow })(origin, {
      headers: {
        host: 'metadata.internal',
        connection: 'upgrade',
        'transfer-encoding': 'chunked',
        'proxy-authorization': 'x',
      },
    });
    expect(requests[0]?.headers).toMatchObject({ host: `127.0.0.1:${port}` });
    expect(requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(requests[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('is found by its name in the certificate, at the pinned address', async () => {
    const { authority, server } = makeCertificates(['pinned.example']);
    const tls = { key: server.key, cert: server.certificate };
    const { port, requests } = await source((_request, response) => response.end('secure'), tls);
    const fetch = createFetch({
      allow,
      resolve: async () => ['127.0.0.1'],
      ca: authority.certificate,
    });
    expect(await (await fetch(`https://pinned.example:${port}/`)).text()).toBe('secure');
    expect(requests[0]?.headers.host).toBe(`pinned.example:${port}`);
    expect((requests[0]?.socket as unknown as { servername: string }).servername).toBe(
      'pinned.example',
    );
    expect(await codeOf(fetch(`https://other.example:${port}/`))).toBe('source_unreachable');
    const untrusting = createFetch({ allow, resolve: async () => ['127.0.0.1'] });
    const failure = await untrusting(`https://pinned.example:${port}/`).catch((error) => error);
    expect(failure).toMatchObject({ code: 'source_unreachable', facts: { tls: true } });
  });
});

describe('redirects', () => {
  it('are followed as the Fetch standard says', async () => {
    const { origin } = await source(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const status = Number(request.url?.slice(1));
      if (status > 0) response.writeHead(status, { location: '/end' }).end('not this');
      else response.end(`${request.method} ${body} ${request.headers['content-type'] ?? ''}`);
    });
    const fetch = createFetch({ allow });
    const post = { method: 'POST', body: 'body', headers: { 'content-type': 'text/csv' } };
    for (const [status, init, expected] of [
      [301, post, 'GET  '],
      [302, post, 'GET  '],
      [303, post, 'GET  '],
      [307, post, 'POST body text/csv'],
      [308, post, 'POST body text/csv'],
      [302, {}, 'GET  '],
    ] as const) {
      const response = await fetch(`${origin}/${status}`, init);
      expect([status, await response.text(), response.redirected, response.url]).toEqual([
        status,
        expected,
        true,
        `${origin}/end`,
      ]);
    }
    const manual = await fetch(`${origin}/302`, { redirect: 'manual' });
    expect([manual.status, manual.headers.get('location')]).toEqual([302, '/end']);
    expect(await codeOf(fetch(`${origin}/302`, { redirect: 'error' }))).toBe(
      'source_answer_invalid',
    );
    const body = new Blob(['once']).stream();
    expect(await codeOf(fetch(`${origin}/307`, { method: 'POST', body, duplex: 'half' }))).toBe(
      'source_answer_invalid',
    );
  });

  it('are capped at five', async () => {
    const { origin, requests } = await source((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const fetch = createFetch({ allow });
    expect(await (await fetch(`${origin}/5`)).text()).toBe('there');
    requests.length = 0;
    expect(await codeOf(fetch(`${origin}/6`))).toBe('source_answer_invalid');
    expect(requests).toHaveLength(6);
  });

  it('take no secret to another origin, and keep it on the same', async () => {
    const other = await source((_request, response) => response.end());
    const { origin, requests } = await source((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: other.origin }).end();
      else if (request.url === '/stay') response.writeHead(302, { location: '/end' }).end();
      else response.end();
    });
    const fetch = createFetch({ allow });
    const headers = {
      authorization: 'Bearer t',
      cookie: 'c=1',
      'x-api-key': 'k',
      accept: 'text/csv',
      'accept-language': 'de',
    };
    await fetch(`${origin}/away`, { headers });
    for (const name of ['authorization', 'cookie', 'x-api-key'])
      expect(other.requests[0]?.headers).not.toHaveProperty(name);
    expect(other.requests[0]?.headers).toMatchObject({
      accept: 'text/csv',
      'accept-language': 'de',
    });
    await fetch(`${origin}/stay`, { headers });
    expect(requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer t', 'x-api-key': 'k' });
  });
});

describe('what a source may do to us', () => {
  it('is not to send without end, compressed or not', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const { origin } = await source((request, response) => {
      if (request.url === '/announced')
        response.writeHead(200, { 'content-length': 2_000_000 }).end(Buffer.alloc(2_000_000));
      else if (request.url === '/bomb')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      else {
        const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
        response.on('close', () => clearInterval(timer));
      }
    });
    const fetch = createFetch({ allow, maxBytes: 1_000_000 });
    expect(await codeOf(fetch(`${origin}/announced`))).toBe('source_answer_invalid');
    for (const path of ['/bomb', '/endless'])
      expect(await codeOf((await fetch(origin + path)).arrayBuffer())).toBe(
        'source_answer_invalid',
      );
  });

  it('is not to keep us waiting: for its name, its answer, the next byte, or the last', async () => {
    const { origin } = await source((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200);
      response.write('x');
      if (request.url !== '/drip') return;
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const fetch = createFetch({ allow, answerSeconds: 0.2, idleSeconds: 0.2, totalSeconds: 0.6 });
    const failures = await Promise.all([
      fetch(`${origin}/silent`).catch((error) => error),
      fetch(`${origin}/stalled`)
        .then((response) => response.text())
        .catch((error) => error),
      fetch(`${origin}/drip`)
        .then((response) => response.text())
        .catch((error) => error),
      createFetch({ allow, answerSeconds: 0.2, resolve: () => new Promise(() => undefined) })(
        'https://slow.example/',
      ).catch((error) => error),
    ]);
    expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 'source_unreachable'));
    expect(failures.map(({ message }) => message.replace(origin, ''))).toEqual([
      expect.stringMatching(/GET \/silent did not answer within/),
      expect.stringMatching(/GET \/stalled went silent/),
      expect.stringMatching(/GET \/drip took longer than 0.6 s/),
      expect.stringMatching(/slow.example could not be resolved within 0.2 s/),
    ]);
  });

  it('an answer that breaks off is an error, never a short answer', async () => {
    const whole = gzipSync('x'.repeat(100_000));
    const { origin } = await source((request, response) => {
      if (request.url === '/length')
        response.writeHead(200, { 'content-length': 100 }).write('half');
      else if (request.url === '/chunked') response.writeHead(200).write('half');
      else if (request.url === '/gzip')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(whole.subarray(0, 50));
      else if (request.url === '/notgzip')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain');
      if (!response.writableEnded) setTimeout(() => response.destroy(), 20);
    });
    const fetch = createFetch({ allow });
    const read = async (path: string): Promise<string> =>
      await codeOf(fetch(origin + path).then((response) => response.text()));
    expect(await read('/length')).toBe('source_unreachable');
    expect(await read('/chunked')).toBe('source_unreachable');
    expect(await read('/gzip')).toBe('source_answer_invalid');
    expect(await read('/notgzip')).toBe('source_answer_invalid');
  });

  it('a source that is not there, or hangs up, is unreachable; the message names no query', async () => {
    const { origin } = await source((request) => request.socket.destroy());
    const fetch = createFetch({ allow });
    const failure = await fetch(`${origin}/path?key=secret`).catch((error) => error);
    expect(failure).toMatchObject({
      code: 'source_unreachable',
      message: `GET ${origin}/path?… got no answer`,
    });
    expect(JSON.stringify([failure.facts, failure.message])).not.toContain('secret');
    expect(await codeOf(fetch('http://127.0.0.1:1/'))).toBe('source_unreachable');
    const nameless = createFetch({
      allow,
      resolve: async () => {
        throw new Error('ENOTFOUND');
      },
    });
    expect(await codeOf(nameless('https://none.example/'))).toBe('source_unreachable');
  });
});

describe('aborting', () => {
  it('ends a request at any stage with the signal’s own reason', async () => {
    const { origin } = await source((request, response) => {
      if (request.url === '/body') response.writeHead(200).write('x');
    });
    const reason = new Error('the run lost its lock');
    for (const own of [true, false]) {
      const controller = new AbortController();
      const fetch = createFetch({ allow, ...(own ? {} : { signal: controller.signal }) });
      const init = own ? { signal: controller.signal } : {};
      const waiting = fetch(`${origin}/head`, init).catch((error) => error);
      const reading = fetch(`${origin}/body`, init)
        .then((response) => response.text())
        .catch((error) => error);
      setTimeout(() => controller.abort(reason), 50);
      expect(await Promise.all([waiting, reading])).toEqual([reason, reason]);
      expect(await fetch(origin, init).catch((error) => error)).toBe(reason);
    }
  });

  it.each([
    [
      'that stops early',
      async ({ body }: Response) => {
        for await (const chunk of body ?? []) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
      },
    ],
    ['that wants nothing of it', ({ body }: Response) => body?.cancel()],
  ])('a reader %s closes the connection', async (_who, read) => {
    let closed = false;
    const { origin } = await source((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
      response.on('close', () => {
        clearInterval(timer);
        closed = true;
      });
    });
    await read(await createFetch({ allow })(origin));
    await eventually(() => expect(closed).toBe(true));
  });

  it('an answer that nobody wants leaves its connection to the next request when it is all there', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const ports: unknown[] = [];
      const { origin } = await source((request, response) => {
        ports.push(request.socket.remotePort);
        const text = Buffer.from('slow down');
        response.setHeader('content-encoding', encoding);
        response.end(encoding === 'gzip' ? gzipSync(text) : text);
      });
      const fetch = createFetch({ allow });
      for (let count = 0; count < 5; count++) {
        const { body } = await fetch(origin);
        await body?.cancel();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect([encoding, new Set(ports).size]).toEqual([encoding, 1]);
    }
  });

  it('an abort behind the end of an answer hurts nobody, and its connection is used again', async () => {
    const ports: unknown[] = [];
    const { origin } = await source((request, response) => {
      ports.push(request.socket.remotePort);
      response.end('x'.repeat(100_000));
    });
    const fetch = createFetch({ allow });
    for (let count = 0; count < 20; count++) {
      const controller = new AbortController();
      const { body } = await fetch(origin, { signal: controller.signal });
      let bytes = 0;
      for await (const chunk of body ?? []) {
        bytes += chunk.length;
        // In the middle of things: whoever reads it has it all, and Node is not done with it.
        if (bytes === 100_000) controller.abort(new Error('the run lost its lock'));
      }
      expect(bytes).toBe(100_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(ports).size).toBe(1);
  });
});

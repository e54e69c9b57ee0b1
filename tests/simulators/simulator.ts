import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { type RetryOptions, withRetries } from '../../shared/http/withRetries.ts';
import type { Json } from '../../shared/json.ts';
import { isGivenUp } from '../httpServer.ts';
import { type Clock, createClock } from './clock.ts';
import type { ApiCheck } from './openApiCheck.ts';
import { createPace, type Throttle } from './pace.ts';

export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  /** What the route's braces stood for. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Json | undefined;
  /** The body as it came, for token endpoints. */
  readonly text: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Sent in place of the body: a file's. */
  readonly bytes?: Uint8Array;
}

/** A path in the vendor's own spelling, `/v1/customers/{id}`, and what it answers. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly answer: (request: SimulatedRequest) => Answer | Promise<Answer>;
  /** Not signed: a token endpoint. */
  readonly open?: true;
  /** Not in the vendor's description, or described elsewhere. */
  readonly undescribed?: true;
}

/** A vendor: its addresses, its routes, and how it refuses. State lies in the closures of the routes. */
export interface Vendor {
  /** Every origin that connectors dial. */
  readonly origins: readonly string[];
  readonly check: ApiCheck | null;
  /** Where the description is known to be wrong: complaints that fit are passed over. */
  readonly knownFlaws?: readonly RegExp[];
  readonly routes: readonly Route[];
  /** An answer to a request that is not signed as it should be; null when it is. */
  readonly refuse: (request: SimulatedRequest) => Answer | null;
  readonly throttled: (retryAfterSeconds: number) => Answer;
}

/** Something that goes wrong with one answer. */
export type Fault =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Instead of the answer, with the given headers. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** The request is told again, with all that it holds: as a text where vendors put their message, or deeper. */
  | { readonly kind: 'echo'; readonly status: number; readonly deep: boolean }
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'brokenOff' }
  | { readonly kind: 'hangUp' }
  /** The body comes in pieces of few bytes. */
  | { readonly kind: 'slow' }
  | { readonly kind: 'changed'; readonly change: (body: Json) => Json };

/** A source that can ask to slow down, and counts who does not. */
export interface PacedSource {
  readonly clock: Clock;
  /** Requests that came although the source had asked to wait. */
  readonly violations: () => number;
  /** From now on it takes so many requests in so many seconds. */
  throttle(limit: Throttle | null): void;
  /** A map of origins as the ingest function takes it. */
  readonly origins: Readonly<Record<string, string>>;
}

export interface Simulator extends PacedSource, AsyncDisposable {
  /** What was asked, without faults and refusals left out. */
  readonly requests: readonly SimulatedRequest[];
  /** Requests and answers that the vendor's description does not allow. */
  readonly problems: readonly string[];
  /** Adds to the problems what a vendor's own check finds. */
  complain(problem: string): void;
  /** The next requests whose path holds this text meet the fault. */
  fail(fault: Fault, times?: number, path?: string): void;
  /** No fault is left to meet. */
  forgive(): void;
  /** Called before each answer is made: the place to change the vendor's state while pages are read. */
  onRequest(listener: ((request: SimulatedRequest) => void) | null): void;
  /** What a connector is given: retried, guarded, and led here from the vendor's own addresses. */
  fetchWith(options?: Partial<RetryOptions>): typeof fetch;
  /** What the vendor answers to a GET that is signed as it should be. */
  ask(path: string): Promise<Json>;
}

/** Starts a vendor on loopback. */
export async function startSimulator(
  vendor: Vendor,
  clock: Clock = createClock(),
): Promise<Simulator> {
  const requests: SimulatedRequest[] = [];
  const problems: string[] = [];
  const faults: { fault: Fault; left: number; path: string }[] = [];
  const pace = createPace(clock);
  let listener: ((request: SimulatedRequest) => void) | null = null;
  const routes = vendor.routes.map((route) => ({ route, pattern: patternOf(route.path) }));

  function paced(): Answer | null {
    const tooSoon = pace.ask();
    if (tooSoon === null) return null;
    const answer = vendor.throttled(tooSoon.seconds);
    return { ...answer, headers: { ...answer.headers, ...tooSoon.headers } };
  }

  async function answerTo(request: SimulatedRequest): Promise<Answer> {
    const found = routes.find(
      ({ route, pattern }) => route.method === request.method && pattern.test(request.path),
    );
    if (found === undefined) {
      problems.push(`no route for ${request.method} ${request.path}`);
      return { status: 404, body: { error: 'no such route' } };
    }
    const { route, pattern } = found;
    const parameters = { ...pattern.exec(request.path)?.groups };
    const described = route.undescribed !== true && vendor.check !== null;
    const wrong = described ? (vendor.check?.request(request) ?? []) : [];
    if (wrong.length > 0) {
      problems.push(...wrong.map((each) => `${request.method} ${request.path}: ${each}`));
      return { status: 400, body: { error: wrong.join('; ') } };
    }
    const refused = route.open === true ? null : vendor.refuse(request);
    const answer = refused ?? (await route.answer({ ...request, parameters }));
    if (described) {
      const faulty = vendor.check?.answer(request, answer.status ?? 200, answer.body) ?? [];
      problems.push(
        ...faulty
          .filter((each) => !vendor.knownFlaws?.some((flaw) => flaw.test(each)))
          .map((each) => `${request.method} ${request.path}: ${each}`),
      );
    }
    return answer;
  }

  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch((error: unknown) => {
      if (isGivenUp(incoming, outgoing)) return;
      problems.push(String(error instanceof Error ? error.stack : error));
      outgoing.destroy();
    });
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://simulator');
    const raw = await text(incoming);
    const isJson = incoming.headers['content-type']?.startsWith('application/json') === true;
    const request: SimulatedRequest = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      parameters: {},
      query: url.searchParams,
      headers: new Headers(
        Object.entries(incoming.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]),
      ),
      body: isJson ? (JSON.parse(raw) as Json) : undefined,
      text: raw,
    };
    requests.push(request);
    listener?.(request);
    const scripted = faults.find(({ left, path }) => left > 0 && request.path.includes(path));
    if (scripted !== undefined) scripted.left -= 1;
    const fault = scripted?.fault;
    if (fault?.kind === 'hangUp') {
      incoming.socket.destroy();
      return;
    }
    const answer =
      fault?.kind === 'status'
        ? { status: fault.status, headers: fault.headers ?? {}, body: { error: 'scripted' } }
        : fault?.kind === 'echo'
          ? { status: fault.status, body: echoOf(request, fault.deep) }
          : fault?.kind === 'answer'
            ? fault.answer
            : (paced() ?? (await answerTo(request)));
    await write(outgoing, answer, fault);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origins = Object.fromEntries(
    vendor.origins.map((origin) => [origin, `http://127.0.0.1:${port}`]),
  );
  return {
    clock,
    requests,
    problems,
    origins,
    violations: pace.violations,
    throttle: pace.throttle,
    complain: (problem) => {
      problems.push(problem);
    },
    fail: (fault, times = 1, path = '') => {
      faults.push({ fault, left: times, path });
    },
    ask: async (path) => {
      const url = new URL(path, 'http://simulator');
      const route = routes.find(
        ({ route, pattern }) => route.method === 'GET' && pattern.test(url.pathname),
      );
      if (route === undefined) throw new Error(`no route for ${path}`);
      const { body } = await route.route.answer({
        method: 'GET',
        path: url.pathname,
        parameters: { ...route.pattern.exec(url.pathname)?.groups },
        query: url.searchParams,
        headers: new Headers(),
        body: undefined,
        text: '',
      });
      return body;
    },
    forgive: () => {
      faults.length = 0;
    },
    onRequest: (next) => {
      listener = next;
    },
    fetchWith: (options = {}) =>
      withRetries(mapOrigins(createFetch({ allow: ['127.0.0.1'] }), origins), {
        now: clock.now,
        sleep: clock.sleep,
        random: () => 0.5,
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Headers of every request, which tell nothing. */
const usual =
  /^(accept|accept-.*|connection|content-length|content-type|host|sec-fetch-mode|user-agent)$/;

function echoOf({ path, query, headers, text }: SimulatedRequest, deep: boolean): Json {
  const own = [...headers].filter(([name]) => !usual.test(name)).map(([, value]) => value);
  const told = [...own, query.toString(), text, path].join(' ');
  const message = { message: told, detail: told, description: told, title: told };
  return deep
    ? { ...message, error: message, errors: [message], '0': message }
    : { ...message, error: told, errors: told, error_description: told };
}

async function write(
  outgoing: ServerResponse,
  { status = 200, headers = {}, body, bytes }: Answer,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'html') {
    outgoing.writeHead(fault.status, { 'content-type': 'text/html' });
    outgoing.end('<!doctype html><title>Sorry</title><p>We will be back soon.');
    return;
  }
  if (bytes !== undefined && fault === undefined) {
    outgoing.writeHead(status, { 'content-length': bytes.length, ...headers }).end(bytes);
    return;
  }
  const json = JSON.stringify(fault?.kind === 'changed' ? fault.change(body) : body);
  const kept = Object.entries(headers).filter(([, value]) => value !== '');
  outgoing.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...Object.fromEntries(kept),
    ...(fault?.kind === 'brokenOff' ? { 'content-length': String(Buffer.byteLength(json)) } : {}),
  });
  switch (fault?.kind) {
    case 'truncated':
      outgoing.end(json.slice(0, Math.floor(json.length / 2)));
      return;
    case 'brokenOff':
      outgoing.write(json.slice(0, Math.floor(json.length / 2)));
      setTimeout(() => outgoing.destroy(), 10);
      return;
    case 'slow':
      for (let at = 0; at < json.length; at += 1024) {
        outgoing.write(json.slice(at, at + 1024));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      outgoing.end();
      return;
    default:
      outgoing.end(json);
  }
}

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}$`,
  );

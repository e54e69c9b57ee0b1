import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ParkUntil } from '../../../shared/connectors/connector.ts';
import { createFetch } from '../../../shared/http/createFetch.ts';
import { retryAfterMilliseconds } from '../../../shared/http/retryAfter.ts';
import {
  type RetryInit,
  type RetryOptions,
  withRetries,
} from '../../../shared/http/withRetries.ts';
import { type HttpServer, startHttpServer } from '../../httpServer.ts';

const start = new Date('2026-03-29T00:00:00Z');

interface Bench {
  readonly fetch: typeof fetch;
  readonly server: HttpServer;
  /** What was slept, in milliseconds. */
  readonly slept: number[];
}

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

type Answer =
  | readonly [status: number, headers?: Record<string, string>, body?: string]
  | 'hang up';

/** A source that gives these answers in turn (the last for ever), and a clock that sleeping moves. */
async function bench(answers: readonly Answer[], rest: Partial<RetryOptions> = {}): Promise<Bench> {
  const slept: number[] = [];
  let time = start.getTime();
  server = await startHttpServer((request: IncomingMessage, response: ServerResponse) => {
    const turn = Math.min((server?.requests.length ?? 1) - 1, answers.length - 1);
    const answer = answers[turn] ?? [500];
    if (answer === 'hang up') request.socket.destroy();
    else response.writeHead(answer[0], answer[1] ?? {}).end(answer[2] ?? '');
  });
  const fetch = withRetries(createFetch({ allow: ['127.0.0.1'] }), {
    now: () => new Date(time),
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      time += milliseconds;
    },
    random: () => 1,
    ...rest,
  });
  return { fetch, server, slept };
}

const failureOf = async (call: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  await call.then(
    (answer) => {
      throw new Error(`expected a failure, got ${String(answer)}`);
    },
    (error) => error,
  );

describe('an answer that can be used', () => {
  it('comes back at once, be it 2xx, 304 or a status the caller reads itself', async () => {
    for (const status of [200, 201, 204, 206, 304, 404]) {
      const { fetch, server, slept } = await bench([[status]], { accept: [404] });
      expect((await fetch(server.origin)).status).toBe(status);
      expect([server.requests.length, slept]).toEqual([1, []]);
      await server.close();
    }
  });

  it('comes back after transient failures of every kind', async () => {
    for (const failure of [
      [408],
      [420],
      [429],
      [500],
      [502],
      [503],
      [504],
      [522],
      'hang up',
    ] as Answer[]) {
      const { fetch, server, slept } = await bench([failure, failure, [200, {}, 'data']]);
      expect(await (await fetch(server.origin)).text()).toBe('data');
      expect([failure, server.requests.length, slept]).toEqual([failure, 3, [1000, 2000]]);
      await server.close();
    }
  });
});

describe('what one request says for itself', () => {
  const withRetry = (retry: RetryInit['retry'], method = 'GET'): RetryInit => ({
    method,
    ...(retry === undefined ? {} : { retry }),
  });

  it('gives refusals back for the caller to explain, and tries again what only asks to wait', async () => {
    for (const status of [400, 401, 403, 404, 410, 422, 451]) {
      const { fetch, server, slept } = await bench([[status, {}, 'why']]);
      const response = await fetch(server.origin, withRetry({ givesRefusals: true }));
      expect([response.status, await response.text(), slept]).toEqual([status, 'why', []]);
      await server.close();
    }
    for (const failure of [
      [429, { 'retry-after': '3' }],
      [403, { 'retry-after': '3' }],
    ] as Answer[]) {
      const { fetch, server, slept } = await bench([failure, [200, {}, 'data']]);
      const response = await fetch(server.origin, withRetry({ givesRefusals: true }));
      expect([await response.text(), slept]).toEqual(['data', [3000]]);
      await server.close();
    }
  });

  it('takes a status from 500 for final, which is not tried again', async () => {
    const { fetch, server, slept } = await bench([[530, {}, 'malformed']]);
    const response = await fetch(server.origin, withRetry({ givesRefusals: true, final: [530] }));
    expect([response.status, await response.text(), slept.length]).toEqual([530, 'malformed', 0]);
  });

  it('repeats a POST that only asks', async () => {
    const { fetch, server } = await bench([[502], [200, {}, 'data']]);
    const response = await fetch(server.origin, withRetry({ repeatable: true }, 'POST'));
    expect(await response.text()).toBe('data');
  });

  it('waits by headers of the source’s own, and tells how long before it does', async () => {
    const told: number[] = [];
    const { fetch, server, slept } = await bench([[429, { 'x-reset': '9' }], [200]]);
    await fetch(
      server.origin,
      withRetry({
        resetMilliseconds: ({ headers }) => Number(headers.get('x-reset')) * 1000,
        onThrottled: async (milliseconds) => {
          expect(slept).toEqual([]);
          told.push(milliseconds);
        },
      }),
    );
    expect([told, slept]).toEqual([[9000], [9000]]);
  });
});

describe('what is not transient', () => {
  it('fails at once with its own code, naming method and URL and no query', async () => {
    for (const [status, code] of [
      [401, 'invalid_credentials'],
      [403, 'source_forbidden'],
      [404, 'source_not_found'],
      [410, 'source_not_found'],
      [400, 'source_answer_invalid'],
      [422, 'source_answer_invalid'],
    ] as const) {
      const { fetch, server, slept } = await bench([[status, {}, '{"rows":[1]}']]);
      const failure = await failureOf(fetch(`${server.origin}/v1/rows?api_key=secret`));
      expect(failure).toMatchObject({ code, facts: { method: 'GET', status } });
      expect(failure.message).toContain(`GET ${server.origin}/v1/rows?… answered ${status}`);
      expect(JSON.stringify([failure.message, failure['facts']])).not.toContain('secret');
      expect([server.requests.length, slept]).toEqual([1, []]);
      await server.close();
    }
  });

  it('is a refused address, an aborted signal, and a certificate nobody trusts', async () => {
    const { fetch, slept } = await bench([[200]]);
    expect(await failureOf(fetch('https://169.254.169.254/'))).toMatchObject({
      code: 'address_refused',
    });
    const reason = new Error('stop');
    expect(
      await failureOf(fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort(reason) })),
    ).toBe(reason);
    expect(slept).toEqual([]);
  });
});

describe('tries', () => {
  it('are five at most, with a pause that doubles up to a minute', async () => {
    const { fetch, server, slept } = await bench([[503]]);
    expect(await failureOf(fetch(server.origin))).toMatchObject({ code: 'source_unreachable' });
    expect([server.requests.length, slept]).toEqual([5, [1000, 2000, 4000, 8000]]);
    await server.close();
    const many = await bench([[500]], { tries: 9 });
    await failureOf(many.fetch(many.server.origin));
    expect(many.slept).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('are spread over the whole pause, so that many clients do not come back at once', async () => {
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return (state >>> 8) / 2 ** 24;
    };
    const first: number[] = [];
    const { fetch, server } = await bench([[500]], {
      tries: 2,
      random,
      sleep: async (milliseconds) => void first.push(milliseconds),
    });
    for (let call = 0; call < 60; call++) await failureOf(fetch(server.origin));
    expect(first.every((pause) => pause >= 0 && pause < 1000)).toBe(true);
    expect(Math.min(...first)).toBeLessThan(150);
    expect(Math.max(...first)).toBeGreaterThan(850);
  });

  it('are one for a POST, unless it was not acted on or may be repeated', async () => {
    const post = { method: 'POST', body: '{}' };
    const once = await bench([[500], [200]]);
    expect(await failureOf(once.fetch(once.server.origin, post))).toMatchObject({
      code: 'source_unreachable',
    });
    expect(once.server.requests).toHaveLength(1);
    await once.server.close();
    const throttled = await bench([[429], [503, { 'retry-after': '1' }], [200]]);
    expect((await throttled.fetch(throttled.server.origin, post)).status).toBe(200);
    await throttled.server.close();
    const repeatable = await bench([[500], [200]], { repeatable: true });
    expect((await repeatable.fetch(repeatable.server.origin, post)).status).toBe(200);
    await repeatable.server.close();
    const streamed = await bench([[429], [200]], { repeatable: true });
    const body = new Blob(['once']).stream();
    const sending = streamed.fetch(streamed.server.origin, {
      method: 'POST',
      body,
      duplex: 'half',
    });
    expect(await failureOf(sending)).toMatchObject({ code: 'source_throttled' });
  });
});

describe('throttling', () => {
  it('waits as long as Retry-After says, in seconds or until a date', async () => {
    const { fetch, server, slept } = await bench([
      [429, { 'retry-after': '7' }],
      [503, { 'retry-after': 'Sun, 29 Mar 2026 00:00:30 GMT' }],
      [429, { 'retry-after': 'soon' }],
      [200],
    ]);
    expect((await fetch(server.origin)).status).toBe(200);
    expect(slept).toEqual([7000, 23_000, 4000]);
  });

  it('is also a 403 that says when to come back, and a limit in a header of the source’s own', async () => {
    const { fetch, server, slept } = await bench(
      [
        [403, { 'retry-after': '3' }],
        [403, { 'x-ratelimit-remaining': '0', 'x-reset-ms': '9000' }],
        [200],
      ],
      { resetMilliseconds: (response) => Number(response.headers.get('x-reset-ms')) || null },
    );
    expect((await fetch(server.origin)).status).toBe(200);
    expect(slept).toEqual([3000, 9000]);
  });

  it('that does not end is told as such, with the wait', async () => {
    const { fetch, server } = await bench([[429, { 'retry-after': '5' }, '{"error":"slow down"}']]);
    expect(await failureOf(fetch(server.origin))).toMatchObject({
      code: 'source_throttled',
      name: 'RetriableError',
      retryAfterSeconds: 5,
    });
    expect(server.requests).toHaveLength(5);
  });

  it('parks the run when the wait is longer than a minute or than the time left', async () => {
    const long = await bench([[429, { 'retry-after': '600' }]]);
    const park = await failureOf(long.fetch(`${long.server.origin}/x?key=secret`));
    expect(park).toBeInstanceOf(ParkUntil);
    expect((park as unknown as ParkUntil).until.toISOString()).toBe('2026-03-29T00:10:00.000Z');
    expect(park.message).not.toContain('secret');
    expect(long.slept).toEqual([]);
    await long.server.close();
    const late = await bench([[503]], { remainingMilliseconds: () => 1500 });
    expect(await failureOf(late.fetch(late.server.origin))).toBeInstanceOf(ParkUntil);
    expect(late.slept).toEqual([1000]);
  });

  it('for more than a day is a quota that is used up', async () => {
    const { fetch, server } = await bench([[429, { 'retry-after': '100000' }]]);
    expect(await failureOf(fetch(server.origin))).toMatchObject({ code: 'source_quota_exhausted' });
  });
});

it('waiting ends when the signal does', async () => {
  const controller = new AbortController();
  const reason = new Error('the run lost its lock');
  const { fetch, server } = await bench([[500]], { sleep: () => new Promise(() => undefined) });
  const waiting = failureOf(fetch(server.origin, { signal: controller.signal }));
  setTimeout(() => controller.abort(reason), 50);
  expect(await waiting).toBe(reason);
});

it('Retry-After is seconds or an HTTP date, and nothing else', () => {
  for (const [header, expected] of [
    ['0', 0],
    ['120', 120_000],
    [' 1.5 ', 1500],
    ['Sun, 29 Mar 2026 00:01:00 GMT', 60_000],
    ['Sunday, 29-Mar-26 00:01:00 GMT', 60_000],
    ['Sat, 28 Mar 2026 00:00:00 GMT', 0],
    ['', null],
    ['-5', null],
    ['soon', null],
    ['1e9', null],
    ['2026', 2_026_000],
    ['2026-03-29', null],
    [null, null],
  ] as const)
    expect([header, retryAfterMilliseconds(header, start)]).toEqual([header, expected]);
});

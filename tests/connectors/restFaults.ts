import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type Connector, ParkUntil } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import type { Fault, Simulator } from '../simulators/simulator.ts';
import type { Surroundings } from './connectorExample.ts';
import { deafFetch } from './deafFetch.ts';
import type { Row } from './readBatch.ts';
import { readAll, restContext } from './restExample.ts';

/** One connector over HTTP and the simulator it reads; its vendor holds at least three pages. */
export interface FaultExample {
  readonly connector: Connector;
  readonly simulator: Simulator;
  readonly config?: unknown;
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly surroundings?: Surroundings;
  readonly stream: { readonly name: string; readonly primaryKey: readonly string[] };
  readonly identify: (row: Row) => string;
  /** Of everything the vendor holds when a test runs. */
  readonly expected: () => readonly string[];
  /** Part of the path of its lists, so that a fault meets a page. */
  readonly path: string;
  /** The vendor leaves an empty list out. */
  readonly leavesOutEmpty?: true;
}

const passing: readonly (readonly [string, Fault])[] = [
  ['a connection that is closed without an answer', { kind: 'hangUp' }],
  ['a 500', { kind: 'status', status: 500 }],
  [
    'a 503 that says when to come again',
    { kind: 'status', status: 503, headers: { 'retry-after': '2' } },
  ],
  ['a 429 without a word of when', { kind: 'status', status: 429 }],
  ['a page of HTML with status 502', { kind: 'html', status: 502 }],
  ['a page of HTML with status 200', { kind: 'html', status: 200 }],
  ['JSON that ends in the middle', { kind: 'truncated' }],
  ['a connection that breaks in the middle of an answer', { kind: 'brokenOff' }],
  ['an answer that comes in small pieces', { kind: 'slow' }],
];

/** Names of connectors of a test file that what goes wrong is tried with, throttling among it. */
export const faultsTried = new Set<string>();

/** How a connector bears what goes wrong on the way. */
export function describeRestFaults(example: FaultExample): void {
  const { connector, simulator, stream, identify, path } = example;
  faultsTried.add(connector.name);
  const { clock } = simulator;
  const contextWith = (over: Surroundings = {}) =>
    restContext(connector, simulator, {
      config: example.config ?? {},
      credentials: example.credentials,
      ...example.surroundings,
      ...over,
    });
  const rowsOf = async (
    from: unknown = null,
    over: Surroundings = {},
  ): Promise<readonly string[]> =>
    (await readAll(connector, contextWith(over), stream, from)).rows.map(identify);
  const whole = (): readonly string[] => [...example.expected()].sort();
  const complete = (rows: readonly string[]): void => {
    expect([...new Set(rows)].sort()).toEqual(whole());
  };

  describe(`connector ${connector.name}, when something goes wrong`, () => {
    afterEach(() => {
      simulator.throttle(null);
      simulator.onRequest(null);
    });

    for (const [what, fault] of passing)
      it(`bears ${what}`, async () => {
        const context = contextWith();
        let pages = 0;
        const { rows } = await readAll(connector, context, stream, null, () => {
          pages += 1;
          if (pages === 1) simulator.fail(fault, 1, path);
        });
        expect(pages).toBeGreaterThanOrEqual(3);
        complete(rows.map(identify));
      });

    it('comes back at the time the vendor names, in seconds or as a date, and not before', async () => {
      simulator.throttle({ requests: 2, perSeconds: 3 });
      complete(await rowsOf());
      expect(simulator.violations()).toBe(0);
      // The same with a fetch that does not let it see the time: it knocks too early.
      simulator.throttle({ requests: 2, perSeconds: 30 });
      complete(await rowsOf(null, { fetch: deafFetch(simulator) }));
      expect(simulator.violations()).toBeGreaterThan(0);
      simulator.throttle(null);
      const date = new Date(clock.now().getTime() + 20_000).toUTCString();
      simulator.fail({ kind: 'status', status: 429, headers: { 'retry-after': date } }, 1, path);
      const before = clock.now().getTime();
      complete(await rowsOf());
      expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(19_000);
    });

    it('is parked when the wait is long, and goes on where it was', async () => {
      const context = contextWith();
      const seen: string[] = [];
      let from: unknown = null;
      const error: unknown = await (async () => {
        const request = {
          mode: 'incremental',
          cursorField: null,
          columns: null,
          window: null,
          ...stream,
        } as const;
        for await (const batch of connector.read(context, request, null)) {
          if (batch.body.kind === 'records') seen.push(...batch.body.records.map(identify));
          from = batch.checkpoint ?? from;
          simulator.fail(
            { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
            1,
            path,
          );
        }
      })().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ParkUntil);
      expect((error as ParkUntil).until.getTime() - clock.now().getTime()).toBe(3_600_000);
      complete([...seen, ...(await rowsOf(from))]);
    });

    it('takes a refusal for a failure and never for an empty page', async () => {
      for (const status of [400, 402, 405, 422]) {
        simulator.fail({ kind: 'status', status }, 1, path);
        await expect(rowsOf()).rejects.toBeInstanceOf(HeadgateError);
      }
      if (example.leavesOutEmpty === true) return;
      simulator.fail({ kind: 'changed', change: () => ({}) }, 1, path);
      await expect(rowsOf()).rejects.toMatchObject({ code: 'source_answer_invalid' });
    });

    it('gives up on a vendor that never answers, and tells no secret', async () => {
      const lines: string[] = [];
      const log = createLog((line) => lines.push(line));
      for (const fault of [
        { kind: 'html', status: 200 },
        { kind: 'status', status: 500 },
      ] as const) {
        simulator.fail(fault, 100, path);
        const context = { ...contextWith(), log };
        const error = await readAll(connector, context, stream).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        simulator.forgive();
        expect(error).toBeInstanceOf(HeadgateError);
        const told = `${inspect(error, { depth: 9 })}${lines.join()}`;
        for (const secret of Object.values(example.credentials))
          if (typeof secret === 'string') expect(told).not.toContain(secret);
      }
    });
  });
}

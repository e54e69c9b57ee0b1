import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  type Context,
  ParkUntil,
  type StreamRequest,
} from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import type { ConnectorExample, Refusal, Surroundings } from './connectorExample.ts';
import { describePace, type Reach } from './describePace.ts';
import { fieldsOf } from './fieldsOf.ts';
import { type Row, readBatch } from './readBatch.ts';
import { faultsTried } from './restFaults.ts';

/** Fields of credentials and config that hold secrets by their name. */
const secretName =
  /(password|passphrase|secrets?|token|apikey|privatekey|clientkey|secretaccesskey|accountkey|connectionstring|sasurl|serviceaccount|headervalue)$/i;

/** What every source can be: an example of each, or a reason why there is none. */
const refusalCodes = [
  'invalid_credentials',
  'source_forbidden',
  'source_not_found',
  'source_unreachable',
] as const;

/** All examples of a test file; they are known before the first test runs. */
const examples: ConnectorExample[] = [];

/** The promises every connector keeps. A new connector costs one example and one call of this. */
export function describeConnector(example: ConnectorExample): void {
  const { connector, identify } = example;
  examples.push(example);
  const lines: string[] = [];
  const errors: unknown[] = [];
  const messages: string[] = [];
  const secrets = [example, ...example.refusals].flatMap(({ credentials }) =>
    fieldsOf(connector.credentials).flatMap(({ name, secret }) => {
      const value = credentials?.[name];
      return secret && typeof value === 'string' && value !== '' ? [value] : [];
    }),
  );

  const contextWith = (
    over: Partial<Refusal> = {},
    signal: AbortSignal = new AbortController().signal,
    from: unknown = null,
    surroundings = over.surroundings ?? example.surroundings,
  ): Context<unknown, unknown> => ({
    config: connector.config.parse({ ...example.config, ...over.config }),
    credentials: connector.credentials.parse({ ...example.credentials, ...over.credentials }),
    fetch: async () => {
      throw new Error('this example has no HTTP');
    },
    resolveHost: async (host) => {
      throw new HeadgateError('address_refused', `${host} is not allowed in this example`);
    },
    now: () => new Date(),
    sleep: async () => {},
    signal,
    // On purpose without redaction: a connector must not need it.
    log: createLog((line) => lines.push(line)),
    ...surroundings?.(from),
  });
  const request = (mode: StreamRequest['mode']): StreamRequest => ({
    ...example.stream,
    mode,
    window: null,
  });
  interface Delivered {
    readonly rows: readonly string[];
    /** Keys of rows that are gone. */
    readonly gone: readonly string[];
    readonly checkpoint: unknown;
  }
  const keyOf = (row: Row): string =>
    example.stream.primaryKey.map((column) => String(row[column])).join(' ');
  const deliver = async (batch: Batch<unknown>): Promise<Delivered> => {
    const read = await readBatch(batch, null);
    const [rows, gone] =
      batch.tombstones === true ? [[], read.map(keyOf)] : [read.map(identify), []];
    const { checkpoint } = batch;
    const value: unknown = typeof checkpoint === 'function' ? checkpoint() : checkpoint;
    return { rows, gone, checkpoint: value === undefined ? undefined : revive(value) };
  };
  /** As storage would give it back. */
  const revive = (checkpoint: unknown): unknown => {
    const text = JSON.stringify(checkpoint);
    expect(text.length, 'a checkpoint stays below 32 KB').toBeLessThan(32 * 1024);
    const parsed = connector.checkpoint.parse(JSON.parse(text));
    expect(parsed).toEqual(checkpoint);
    expect(parsed, 'a checkpoint carries its version').toHaveProperty('v');
    return parsed;
  };
  const read = async (
    mode: StreamRequest['mode'],
    from: unknown = null,
    context = contextWith({}, undefined, from),
  ): Promise<readonly Delivered[]> => {
    const delivered: Delivered[] = [];
    for await (const batch of connector.read(context, request(mode), from))
      delivered.push(await deliver(batch));
    return delivered;
  };
  /** A read to its end, or until it is parked. */
  const reach = async (from: unknown, surroundings?: () => Surroundings): Promise<Reach> => {
    const rows: string[] = [];
    let checkpoint = from;
    const context = contextWith({}, undefined, from, surroundings);
    try {
      for await (const batch of connector.read(context, request(modes[0] ?? 'incremental'), from)) {
        const delivered = await deliver(batch);
        rows.push(...delivered.rows);
        checkpoint = delivered.checkpoint ?? checkpoint;
      }
      return { rows, checkpoint, parked: null };
    } catch (error) {
      if (error instanceof ParkUntil) return { rows, checkpoint, parked: error };
      throw error;
    }
  };
  const rowsOf = (batches: readonly Delivered[]): readonly string[] =>
    batches.flatMap((batch) => batch.rows);
  const sorted = (rows: Iterable<string>): readonly string[] => [...rows].sort();
  const failure = async (work: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await work.then(
      () => new Error('nothing was thrown'),
      (thrown: unknown) => thrown,
    );
    errors.push(error);
    return error;
  };
  const incremental = connector.syncModes.includes('incremental');
  const modes = (['full_refresh', 'incremental'] as const).filter((mode) =>
    connector.syncModes.includes(mode),
  );
  let expected = sorted(example.expected);
  // A read with a key and a cursor may begin before the last one's end: the merge drops what the table has.
  const overlaps = example.stream.primaryKey.length > 0 && example.stream.cursorField !== null;
  /** What a read delivers besides rows that reads before it delivered; without a key there is no besides. */
  const news = (rows: readonly string[], known: readonly string[]): readonly string[] =>
    overlaps ? rows.filter((row) => !known.includes(row)) : rows;

  describe(`connector ${connector.name}${example.title === undefined ? '' : `, ${example.title}`}`, () => {
    it('describes itself for the catalogue', () => {
      expect(connector.name).toMatch(/^[a-z0-9_]+$/);
      expect(connector.title).not.toBe('');
      expect(connector.description).toMatch(/\.$/);
      expect(connector.docs).toMatch(/^https:\/\//);
      expect(connector.syncModes.length).toBeGreaterThan(0);
      const credentials = new Set(fieldsOf(connector.credentials).map(({ name }) => name));
      for (const { fields } of connector.authMethods)
        for (const field of fields) expect(credentials).toContain(field);
    });

    it('rejects a field it does not know, in config and in credentials', () => {
      for (const schema of [connector.config, connector.credentials]) {
        const given = schema === connector.config ? example.config : example.credentials;
        expect(schema.safeParse(given).success).toBe(true);
        expect(schema.safeParse({ ...given, nonsense: 1 }).success).toBe(false);
      }
    });

    it('gives every field a title and a description, and marks the secret ones', () => {
      for (const schema of [connector.config, connector.credentials])
        for (const { name, title, description, secret } of fieldsOf(schema)) {
          expect(title, `title of ${name}`).toBeTruthy();
          expect(description, `description of ${name}`).toMatch(/\.$/);
          expect(secret, `${name} is secret`).toBe(secretName.test(name));
        }
      for (const { name, secret } of fieldsOf(connector.config))
        expect(secret, `${name} is a secret in config`).toBe(false);
    });

    it('finds the example in order', async () => {
      const result = await connector.check(contextWith());
      messages.push(result.message);
      expect(result).toMatchObject({ ok: true, message: expect.stringMatching(/./) });
    });

    for (const refusal of example.refusals)
      it(`tells ${refusal.title} apart, in check and in read`, async () => {
        const result = await connector.check(contextWith(refusal));
        messages.push(result.message);
        expect(result).toMatchObject({
          ok: false,
          code: refusal.code,
          message: expect.stringMatching(refusal.says),
        });
        const error = await failure(
          (async () => {
            const mode = modes[0] ?? 'full_refresh';
            const stream = {
              ...request(mode),
              ...(refusal.stream === undefined
                ? {}
                : { name: refusal.stream, primaryKey: [], cursorField: null }),
            };
            for await (const batch of connector.read(contextWith(refusal), stream, null))
              await deliver(batch);
          })(),
        );
        expect(error).toBeInstanceOf(HeadgateError);
        expect(error).toMatchObject({ code: refusal.code });
      });

    it('is tried with every kind of refusal, or says why there is none', () => {
      const own = examples.filter((each) => each.connector.name === connector.name);
      const tried = own.flatMap(({ refusals }) => refusals.map(({ code }) => code));
      const reasons = Object.assign({}, ...own.map(({ cannotBe }) => cannotBe ?? {})) as object;
      const excused = Object.keys(reasons);
      expect(refusalCodes.filter((code) => ![...tried, ...excused].includes(code))).toEqual([]);
      expect(excused.filter((code) => (tried as string[]).includes(code))).toEqual([]);
    });

    it('discovers the same streams each time, by name, with modes it knows', async () => {
      const [first, second] = [
        await connector.discover(contextWith()),
        await connector.discover(contextWith()),
      ];
      expect(second).toEqual(first);
      const names = first.map((stream) => stream.name);
      expect(names).toEqual([...names].sort());
      expect(names).toContain(example.stream.name);
      for (const stream of first)
        expect(connector.syncModes).toEqual(expect.arrayContaining([...stream.modes]));
    });

    for (const mode of modes) {
      it(`delivers every row once in a ${mode} read from nothing, and ends with a checkpoint`, async () => {
        const batches = await read(mode);
        expect(batches.length, 'the example needs three batches').toBeGreaterThanOrEqual(3);
        expect(sorted(rowsOf(batches))).toEqual(expected);
        expect(batches.at(-1)?.checkpoint).toBeDefined();
        const ends = batches.flatMap(({ checkpoint }) =>
          checkpoint === undefined ? [] : [connector.isComplete(checkpoint)],
        );
        expect(ends, 'the last checkpoint alone is that of a complete read').toEqual(
          ends.map((_, index) => index === ends.length - 1),
        );
      });

      it(`resumes a ${mode} read from each checkpoint, losing nothing and repeating at most a batch`, async () => {
        const batches = await read(mode);
        let resumed = 0;
        for (const [index, { checkpoint, rows }] of batches.entries()) {
          if (checkpoint === undefined) continue;
          const before = rowsOf(batches.slice(0, index + 1));
          const after = rowsOf(await read(mode, checkpoint));
          expect(sorted(new Set([...before, ...after]))).toEqual(expected);
          const again = mode === 'incremental' && index === batches.length - 1 && overlaps;
          if (!again)
            expect(before.length + after.length - expected.length).toBeLessThanOrEqual(rows.length);
          resumed += 1;
        }
        expect(resumed, 'checkpoints in the example').toBeGreaterThanOrEqual(3);
      });
    }

    if (incremental) {
      it('delivers nothing more from its last checkpoint, again and again', async () => {
        let last = (await read('incremental')).at(-1)?.checkpoint;
        for (const _ of [1, 2]) {
          const again = await read('incremental', last);
          expect(news(rowsOf(again), expected)).toEqual([]);
          last = again.at(-1)?.checkpoint ?? last;
        }
      });

      if (example.add !== undefined)
        it('delivers exactly what came since, ties and all, from wherever it is stopped', async () => {
          const before = await read('incremental');
          const known = expected;
          const added = sorted((await example.add?.()) ?? []);
          expected = sorted([...expected, ...added]);
          const batches = await read('incremental', before.at(-1)?.checkpoint);
          expect(sorted(news(rowsOf(batches), known))).toEqual(added);
          for (const [index, { checkpoint }] of batches.entries()) {
            if (checkpoint === undefined) continue;
            const rest = rowsOf(await read('incremental', checkpoint));
            const all = [...rowsOf(batches.slice(0, index + 1)), ...rest];
            expect(sorted(new Set(news(all, known)))).toEqual(added);
          }
        });
    }

    if (example.throttled !== undefined)
      it('waits for a source that asks to slow down, or says until when, and loses nothing', async () => {
        const seen: string[] = [];
        for (let from: unknown = null, parks = 0; ; parks += 1) {
          expect(parks).toBeLessThan(20);
          const { rows, checkpoint, parked } = await reach(from, example.throttled);
          seen.push(...rows);
          from = checkpoint;
          if (parked === null) break;
        }
        expect(sorted(new Set(seen))).toEqual(expected);
      });

    it('is asked to slow down, and obeys, or says why it never is', () => {
      const own = examples.filter((each) => each.connector.name === connector.name);
      const isAsked = faultsTried.has(connector.name) || own.some(({ paced }) => paced);
      const isExcused = own.some(({ cannotBe }) => cannotBe?.source_throttled);
      expect({ isAsked, isExcused }).toEqual({ isAsked, isExcused: !isAsked });
    });

    if (example.paced !== undefined)
      describePace(example.paced, (from, over) =>
        reach(from, () => ({ ...example.surroundings?.(from), ...over })),
      );

    if (incremental && example.add !== undefined)
      it('tells of deletes as it declares, from wherever it is stopped', async () => {
        const described = (await connector.discover(contextWith())).find(
          ({ name }) => name === example.stream.name,
        );
        const { remove } = example;
        expect(remove !== undefined, 'deletes in the example').toBe(described?.deletes !== 'none');
        const goneIn = (batches: readonly Delivered[]): readonly string[] =>
          batches.flatMap(({ gone }) => gone);
        const before = await read('incremental');
        const removed = sorted((await remove?.()) ?? []);
        const batches = await read('incremental', before.at(-1)?.checkpoint);
        expect(sorted(new Set(goneIn(batches)))).toEqual(removed);
        for (const [index, { checkpoint }] of batches.entries()) {
          if (checkpoint === undefined) continue;
          const rest = await read('incremental', checkpoint);
          const all = [...goneIn(batches.slice(0, index + 1)), ...goneIn(rest)];
          expect(sorted(new Set(all))).toEqual(removed);
        }
        if (remove === undefined) return;
        const whole = rowsOf(await read('full_refresh'));
        expect(new Set(whole).size).toBe(expected.length - removed.length);
      });

    it('stops with the reason of the signal, before it starts and half way', async () => {
      const reason = new Error('the lock was lost');
      const mode = modes[0] ?? 'full_refresh';
      expect(await failure(read(mode, null, contextWith({}, AbortSignal.abort(reason))))).toBe(
        reason,
      );
      const controller = new AbortController();
      const half = (async () => {
        for await (const batch of connector.read(
          contextWith({}, controller.signal),
          request(mode),
          null,
        )) {
          await deliver(batch);
          controller.abort(reason);
        }
      })();
      expect(await failure(half)).toBe(reason);
    });

    if (example.openConnections !== undefined)
      it('leaves no connection behind, not even when its reader turns away', async () => {
        for await (const batch of connector.read(
          contextWith(),
          request(modes[0] ?? 'full_refresh'),
          null,
        )) {
          await deliver(batch);
          break;
        }
        await expect.poll(async () => example.openConnections?.(), { timeout: 5_000 }).toBe(0);
      });

    it('keeps its secrets out of every log line, error and message', () => {
      const hasSecrets = fieldsOf(connector.credentials).some(({ secret }) => secret);
      expect(secrets.length > 0, 'canaries in the example').toBe(hasSecrets);
      // Stacks name the folder of the project, which may be called like a key.
      const told = [
        ...lines,
        ...messages,
        ...errors.map((error) => inspect(error, { depth: 8 }).replaceAll(process.cwd(), '')),
      ];
      for (const secret of secrets)
        for (const text of told) expect(text).not.toContain(secret.slice(0, 60));
    });
  });
}

import { expect, it } from 'vitest';
import type { StreamRequest } from '../../shared/connectors/connector.ts';
import { at } from '../../shared/connectors/rest/paths.ts';
import type { Json } from '../../shared/json.ts';
import { unlikeRecorded } from '../simulators/likeRecorded.ts';
import type { SimulatedRequest } from '../simulators/simulator.ts';
import type { TokenEndpoint } from '../simulators/tokenEndpoint.ts';
import { vendorFile } from '../simulators/vendorFiles.ts';
import type { ConnectorExample } from './connectorExample.ts';
import { type ReadResult, readAll, restContext } from './restExample.ts';
import type { FaultExample } from './restFaults.ts';

/** What only some vendors give cause to promise. What is left out is not tried. */
export interface RestPromises {
  /** By the fields of config that say where credentials go: what is not to be taken for a place of the vendor's. */
  readonly leadElsewhere?: Readonly<Record<string, readonly string[]>>;
  /** Answers that were recorded, and what the simulator is asked to be compared with them. */
  readonly recorded?: readonly {
    readonly file: string;
    readonly ask: string | (() => Promise<Json>);
    /** The place in the recorded body; in the simulated one, too, if that has no other. */
    readonly at?: string;
    readonly simulatedAt?: string;
    /** Fields that hold what is the account's own. */
    readonly except?: readonly string[];
  }[];
  /** Fields that the account has of its own or that came later, and what becomes of a record that has them. */
  readonly ownFields?: {
    /** By columns; some of them. */
    readonly types: Readonly<Record<string, string>>;
    /** Answers the record's key. */
    readonly make: () => string | number;
    readonly row: Readonly<Record<string, unknown>>;
    /** What the row does not have. */
    readonly absent?: readonly string[];
  };
  /** Of a stream that is asked for what changed: at least 350 records, however they are spelt in rows. */
  readonly changes?: {
    readonly ids: () => readonly (string | number)[];
    /** Writes a text into one record; `field` is the column that shows it. */
    mark(id: string | number, text: string): void;
    readonly field: string;
    /** A change shows at once, not only when it is a minute old. */
    readonly atOnce?: true;
    /** Of the requests of a read whose place was lost. */
    readonly expectRequests?: (requests: readonly SimulatedRequest[]) => void;
  };
  /** The vendor forgets the places in its lists. */
  readonly losePlaces?: () => void;
  /** The vendor forgets where a read stopped, or keeps changes no longer. */
  readonly forgets?: () => void;
  /** A refusal that says in the vendor's own way when to come again. */
  readonly waits?: {
    readonly title: string;
    readonly seconds: number;
    readonly headers?: (epochSeconds: number) => Record<string, string>;
    readonly times?: number;
  };
  /** Of a vendor where a person signs in. */
  readonly signIn?: { readonly oauth: TokenEndpoint; readonly oauthCredentials: object };
}

/** The same code for all vendors that give the cause. */
export function describeRestPromises(
  example: RestPromises & FaultExample & Pick<ConnectorExample, 'remove'>,
): void {
  const { connector, simulator, stream, leadElsewhere = {}, recorded } = example;
  const { ownFields, changes, losePlaces, forgets, waits, signIn } = example;
  const { clock } = simulator;
  const [key = ''] = stream.primaryKey;
  const promise = (title: string, test: () => void | Promise<void>): void =>
    it(`connector ${connector.name} ${title}`, test);
  const contextWith = (credentials: unknown) =>
    restContext(connector, simulator, {
      config: example.config ?? {},
      ...example.surroundings,
      credentials,
    });
  const read = (
    from: unknown = null,
    onBatch?: () => void,
    over: { readonly credentials?: unknown; readonly window?: StreamRequest['window'] } = {},
  ): Promise<ReadResult> => {
    const context = contextWith(over.credentials ?? example.credentials);
    return readAll(connector, context, { ...stream, window: over.window ?? null }, from, onBatch);
  };

  for (const [field, texts] of Object.entries(leadElsewhere))
    promise(`takes no ${field} that leads elsewhere`, () => {
      for (const text of texts) {
        const config = { ...(example.config as object), [field]: text };
        expect(connector.config.safeParse(config).success, text).toBe(false);
      }
    });

  if (recorded !== undefined)
    promise('is read from a simulator whose answers look like recorded ones', async () => {
      for (const { file, ask, at: path = '', simulatedAt = path, except = [] } of recorded) {
        const whole = vendorFile(`fixtures/${file}.json`);
        if (whole === null) return;
        const there = at(at(whole, 'body'), path) ?? null;
        const answer = typeof ask === 'string' ? await simulator.ask(ask) : await ask();
        const simulated = at(answer, simulatedAt) ?? null;
        for (const each of [there, simulated])
          expect([null, []], `${path} of ${file}`).not.toContainEqual(each);
        expect(unlikeRecorded(without(simulated, except), there), file).toEqual([]);
      }
    });

  if (ownFields !== undefined)
    promise('keeps the account’s own fields with their types, and later ones', async () => {
      const streams = await connector.discover(contextWith(example.credentials));
      const columns = streams.find(({ name }) => name === stream.name)?.columns ?? [];
      expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toMatchObject(
        ownFields.types,
      );
      const made = ownFields.make();
      const { rows } = await read();
      const row = rows.find((each) => each[key] === made);
      expect(row).toMatchObject(ownFields.row);
      for (const name of ownFields.absent ?? []) expect(row).not.toHaveProperty(name);
    });

  if (changes !== undefined) {
    const { ids, mark, field, atOnce = false } = changes;

    promise('sees a change once, when it is old enough', async () => {
      clock.advance(3_600_000);
      let { checkpoint } = await read();
      const [first = ''] = ids();
      mark(first, 'Changed');
      if (!atOnce) {
        clock.advance(5000);
        const early = await read(checkpoint);
        expect([early.rows, early.tombstones]).toEqual([[], []]);
        ({ checkpoint } = early);
        clock.advance(90_000);
      }
      const gone = (await example.remove?.()) ?? [];
      const late = await read(checkpoint);
      expect(late.rows.map((row) => [row[key], row[field]])).toEqual([[first, 'Changed']]);
      expect(late.tombstones.map((row) => String(row[key])).sort()).toEqual([...gone].sort());
      clock.advance(30_000);
      const again = await read(late.checkpoint);
      expect([again.rows, again.tombstones]).toEqual([[], []]);
    });

    if (connector.supportsDateRange)
      promise('reads a range of dates from its first second to before its last', async () => {
        clock.advance(3_600_000);
        const second = (): string => {
          clock.advance(1000);
          return new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString();
        };
        const [before = '', inside = '', outside = ''] = ids();
        mark(before, 'Before');
        const from = second();
        mark(inside, 'Inside');
        const to = second();
        mark(outside, 'Outside');
        clock.advance(600_000);
        const { rows } = await read(null, undefined, { window: { from, to } });
        expect(rows.map((row) => row[key])).toEqual([inside]);
      });

    if (losePlaces !== undefined && !atOnce)
      promise('loses nothing when records change and places are lost meanwhile', async () => {
        const { checkpoint } = await read();
        clock.advance(3_600_000);
        const changed = ids().slice(0, 350);
        // Those that come last by their ids change first.
        for (const id of changed.slice(175)) mark(id, 'Again');
        clock.advance(600_000);
        for (const id of changed.slice(0, 175)) mark(id, 'Again');
        clock.advance(3_600_000);
        const before = simulator.requests.length;
        let pages = 0;
        const first = await read(checkpoint, () => {
          pages += 1;
          if (pages > 1) return;
          for (const id of changed.slice(300)) mark(id, 'Moved');
          losePlaces();
        });
        expect(pages).toBeGreaterThanOrEqual(3);
        changes.expectRequests?.(simulator.requests.slice(before));
        clock.advance(3_600_000);
        const later = await read(first.checkpoint);
        const seen = new Set([...first.rows, ...later.rows].map((row) => row[key]));
        for (const id of changed) expect(seen).toContain(id);
        expect(later.rows.map((row) => row[field])).toEqual(Array(50).fill('Moved'));
      });
  }

  if (losePlaces !== undefined) {
    promise('begins the list again when the vendor no longer knows the place in it', async () => {
      let pages = 0;
      const { rows } = await read(null, () => {
        pages += 1;
        if (pages === 2) losePlaces();
      });
      const expected = example.expected();
      expect([...new Set(rows.map(example.identify))].sort()).toEqual([...expected].sort());
      expect(rows.length).toBeGreaterThan(expected.length);
    });

    promise('gives up a list whose place is lost on every page', async () => {
      const before = simulator.requests.length;
      simulator.onRequest(losePlaces);
      await expect(read()).rejects.toMatchObject({ code: 'source_answer_invalid' });
      simulator.onRequest(null);
      expect(simulator.requests.length - before).toBeLessThan(12);
    });
  }

  if (forgets !== undefined)
    promise('says what to do when the vendor no longer tells what changed since', async () => {
      const { checkpoint } = await read();
      forgets();
      await expect(read(checkpoint)).rejects.toMatchObject({
        code: 'cursor_expired',
        message: expect.stringContaining('full refresh'),
      });
    });

  if (waits !== undefined)
    promise(waits.title, async () => {
      const before = clock.now().getTime();
      const headers = waits.headers?.(Math.ceil(before / 1000)) ?? {};
      simulator.fail({ kind: 'status', status: 429, headers }, waits.times, example.path);
      await read();
      expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(waits.seconds * 1000);
    });

  if (signIn !== undefined) {
    const { oauth, oauthCredentials: credentials } = signIn;

    promise('renews a token that is refused meanwhile, and spends none twice', async () => {
      expect(await connector.check(contextWith(credentials))).toMatchObject({ ok: true });
      const before = oauth.issued.length;
      let pages = 0;
      const expire = (): void => {
        pages += 1;
        if (pages < 3) oauth.expireAll();
      };
      const { rows } = await read(null, expire, { credentials });
      expect(pages).toBeGreaterThanOrEqual(3);
      expect(new Set(rows.map(example.identify)).size).toBe(example.expected().length);
      expect(oauth.issued.length - before).toBe(2);
      expect(oauth.reuses()).toBe(0);
    });

    promise('takes a token that is refused anew for a wrong one', async () => {
      simulator.fail({ kind: 'status', status: 401 }, 2, example.path);
      await expect(read(null, undefined, { credentials })).rejects.toMatchObject({
        code: 'invalid_credentials',
      });
      simulator.forgive();
    });
  }
}

const without = (json: Json, names: readonly string[]): Json =>
  Array.isArray(json)
    ? (json as readonly Json[]).map((each) => without(each, names))
    : (Object.fromEntries(
        Object.entries(json as object).filter(([name]) => !names.includes(name)),
      ) as Json);

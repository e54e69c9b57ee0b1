import { setImmediate as turn } from 'node:timers/promises';
import * as z from 'zod';
import type { Connector } from '../../../../shared/connectors/connector.ts';
import { HeadgateError } from '../../../../shared/errors.ts';
import type { IngestDependencies } from '../../../../shared/ingest/ingestDependencies.ts';
import { runIngest } from '../../../../shared/ingest/runIngest.ts';
import type { DataFile } from '../../../../shared/lake/dataFile.ts';
import type { ObjectStore, PrepareCommitFunction } from '../../../../shared/lake/tableChange.ts';
import { createLog } from '../../../../shared/log.ts';
import { cancelRun } from '../../../../shared/runs/cancelRun.ts';
import { commitWork } from '../../../../shared/runs/commitWork.ts';
import { endRun } from '../../../../shared/runs/endRun.ts';
import type { ExecutionInput, IngestAnswer } from '../../../../shared/runs/ingestProtocol.ts';
import { reap } from '../../../../shared/runs/reap.ts';
import { requestRun } from '../../../../shared/runs/requestRun.ts';
import { listStreams } from '../../../../shared/runs/streams.ts';
import type { SourceItem } from '../../../../shared/sources/sourceItem.ts';
import type { Table } from '../../../../shared/table.ts';
import type { HeadgateTable } from '../../../headgateTable.ts';
import type { Randomness } from '../../../randomness.ts';

/** Ways to break Headgate on purpose, to see that the checks notice. */
export interface Sabotage {
  /** Commits no longer check that the run holds the lock. */
  readonly noFence?: true;
  /** Object keys no longer hold the attempt. */
  readonly noAttemptInKeys?: true;
}

class Killed extends Error {}

interface Execution {
  readonly input: ExecutionInput;
  state: 'ingest' | 'commit' | 'fail' | 'over';
  /** The invocation that is under way and can be let go on. */
  pending: { open: () => void; answer: Promise<IngestAnswer> } | null;
  answer: IngestAnswer | null;
  tries: number;
}

/**
 * A world of sources that gain rows, and of runs that are started, killed, timed out, retried, cancelled and taken
 * over in random order, all through Headgate's own functions. Only the state machine, the connector, the loader
 * and the lake are made up: rows are numbers, a data file is a list of them, a table a list of files.
 */
export class Simulation {
  readonly #executions: Execution[] = [];
  /** Invocations nobody waits for any more, that go on by themselves later. */
  readonly #zombies: { open: () => void; answer: Promise<unknown> }[] = [];
  readonly #objects = new Map<string, Uint8Array>();
  readonly #rows = new Map<string, number>();
  #time = Date.parse('2026-03-01T00:00:00Z');
  #faults = true;
  runs = 0;

  readonly #home: HeadgateTable;
  readonly #sources: readonly SourceItem[];
  readonly #random: Randomness;
  readonly #sabotage: Sabotage;

  constructor(
    home: HeadgateTable,
    sources: readonly SourceItem[],
    random: Randomness,
    sabotage: Sabotage = {},
  ) {
    this.#home = home;
    this.#sources = sources;
    this.#random = random;
    this.#sabotage = sabotage;
  }

  /** Goes on until `runs` runs were started. */
  async play(runs: number): Promise<void> {
    while (this.runs < runs) await this.#step();
  }

  /** No more faults: every lock must come free by itself, and one clean run of each source must catch up. */
  async settle(): Promise<void> {
    this.#faults = false;
    for (const zombie of this.#zombies.splice(0)) await this.#awaken(zombie);
    for (let round = 0; round < 4; round++) {
      await this.#runToTheEnd();
      this.#time += 40 * 60_000;
      await reap(
        this.#dependencies(),
        createLog(() => {}),
      );
    }
    for (const source of this.#sources) await this.#request(source);
    await this.#runToTheEnd();
  }

  /** Row numbers in each source's table, in order, and how many it should have. */
  async tables(): Promise<
    readonly { readonly found: readonly number[]; readonly wanted: number }[]
  > {
    const tables = [];
    for (const source of this.#sources) {
      const [stream] = await listStreams(this.#home.table, source.tenant, source.sourceId);
      const files = stream?.pointer == null ? [] : this.#filesOf(stream.pointer.metadataKey);
      const found = files.flatMap(({ path }) => this.#rowsIn(path)).sort((a, b) => a - b);
      tables.push({ found, wanted: this.#rows.get(source.sourceId) ?? 0 });
    }
    return tables;
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const source = random.pick(this.#sources);
    const dice = random.below(100);
    if (dice < 12)
      this.#rows.set(source.sourceId, (this.#rows.get(source.sourceId) ?? 0) + 1 + random.below(3));
    else if (dice < 27) await this.#quietly(() => this.#request(source));
    else if (dice < 80) await this.#advance();
    else if (dice < 86) {
      const [zombie] = this.#zombies.splice(random.below(this.#zombies.length || 1), 1);
      if (zombie !== undefined) await this.#awaken(zombie);
    } else if (dice < 92) this.#time += random.pick([1000, 20_000, 120_000, 20 * 60_000]);
    else if (dice < 96)
      await this.#quietly(() =>
        reap(
          this.#dependencies(),
          createLog(() => {}),
        ),
      );
    else if (dice < 98) await this.#quietly(() => this.#cancel());
    else this.#crash();
  }

  /** A random execution does its next step. */
  async #advance(): Promise<void> {
    const alive = this.#executions.filter(({ state }) => state !== 'over');
    if (alive.length === 0) return;
    await this.#advanceOne(this.#random.pick(alive));
  }

  async #advanceOne(execution: Execution): Promise<void> {
    try {
      if (execution.state === 'ingest') await this.#ingest(execution);
      else if (execution.state === 'commit') await this.#commit(execution);
      else if (execution.state === 'fail') {
        await endRun(this.#dependencies(), execution.input, { status: 'failed' });
        execution.state = 'over';
      }
    } catch (error) {
      const passing =
        error instanceof Killed ||
        (error instanceof HeadgateError && error.name === 'RetriableError');
      if (!passing && !(error instanceof HeadgateError)) throw error;
      if (passing && execution.tries < 3) execution.tries += 1;
      else execution.state = execution.state === 'fail' ? 'over' : 'fail';
    }
  }

  async #ingest(execution: Execution): Promise<void> {
    const random = this.#random;
    execution.pending ??= this.#invoke(execution.input);
    if (this.#faults && random.chance(0.25)) {
      // The function timed out: the state machine tries again, the old one goes on somewhere.
      this.#zombies.push(execution.pending);
      execution.pending.answer.catch(() => {});
      execution.pending = null;
      throw new Killed('timed out');
    }
    if (this.#faults && random.chance(0.3)) return;
    const { open, answer } = execution.pending;
    execution.pending = null;
    open();
    execution.answer = await answer;
    execution.state = 'commit';
    execution.tries = 0;
  }

  async #commit(execution: Execution): Promise<void> {
    const { input, answer } = execution;
    if (answer === null) throw new Error('nothing to commit');
    // A Commit may stall between its reads and its transaction until long after it was given up.
    const stall = this.#faults && this.#random.chance(0.2) ? Promise.withResolvers<void>() : null;
    const committed = commitWork(
      {
        ...this.#dependencies(),
        table: this.#faultyTable(stall?.promise),
        store: this.#store,
        prepareCommit: this.#prepareCommit,
        prepareRevert: async () => {
          throw new Error('nothing is undone here');
        },
        listLiveFiles: async function* () {},
        invocationId: String(this.#random.below(1e9)),
        log: createLog(() => {}),
        signal: new AbortController().signal,
      },
      { ...input, answer },
    );
    if (stall !== null) {
      committed.catch(() => {});
      this.#zombies.push({ open: stall.resolve, answer: committed });
      throw new Killed('timed out in Commit');
    }
    await committed;
    execution.state = 'over';
  }

  #invoke(input: ExecutionInput): { open: () => void; answer: Promise<IngestAnswer> } {
    const gate = Promise.withResolvers<void>();
    const answer = runIngest(
      this.#ingestDependencies(gate.promise),
      { ...input, op: 'ingest' },
      {
        remainingMilliseconds: () => 600_000,
      },
    );
    answer.catch(() => {});
    return { open: gate.resolve, answer };
  }

  async #awaken(zombie: { open: () => void; answer: Promise<unknown> }): Promise<void> {
    zombie.open();
    await zombie.answer.catch((error: unknown) => {
      if (!(error instanceof HeadgateError || error instanceof Killed)) throw error;
    });
  }

  async #request(source: SourceItem): Promise<void> {
    const { outcome } = await requestRun(this.#dependencies(), {
      tenant: source.tenant,
      sourceId: source.sourceId,
      connector: source.connector,
      request: { kind: 'ingest' },
      trigger: 'api',
      requestedBy: 'simulation',
      whenBusy: this.#random.chance(0.5) ? 'queue' : 'reject',
    });
    if (outcome === 'started' || outcome === 'queued') this.runs += 1;
  }

  async #cancel(): Promise<void> {
    const { input } = this.#random.pick(this.#executions);
    await cancelRun(this.#dependencies(), {
      tenant: input.tenant,
      runId: input.runId,
      by: 'simulation',
    });
  }

  /** The whole machine of one execution is gone, and nobody is told. */
  #crash(): void {
    const alive = this.#executions.filter(({ state }) => state !== 'over');
    if (alive.length > 0) this.#random.pick(alive).state = 'over';
  }

  async #runToTheEnd(): Promise<void> {
    for (let turns = 0; turns < 10_000; turns++) {
      const next = this.#executions.find(({ state }) => state !== 'over');
      if (next === undefined) return;
      await this.#advanceOne(next);
    }
    throw new Error('executions did not come to an end');
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    if (this.#executions.length === 0 && work.toString().includes('cancel')) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  #dependencies() {
    return {
      table: this.#faultyTable(),
      now: () => new Date(this.#time),
      executions: {
        start: async (input: ExecutionInput) => {
          if (this.#faults && this.#random.chance(0.03)) throw new Killed('before StartExecution');
          if (this.#executions.some(({ input: { runId } }) => runId === input.runId)) return;
          this.#executions.push({ input, state: 'ingest', pending: null, answer: null, tries: 0 });
        },
        stop: async (runId: string) => {
          const found = this.#executions.find(({ input }) => input.runId === runId);
          if (found === undefined) return;
          if (found.pending !== null) this.#zombies.push(found.pending);
          found.pending = null;
          found.state = 'over';
        },
        describe: async (runId: string) => {
          const found = this.#executions.find(({ input }) => input.runId === runId);
          return found === undefined ? 'missing' : found.state === 'over' ? 'ended' : 'running';
        },
      } as const,
    };
  }

  /** The process may die before a write reaches the database, or after it and before the answer is read. */
  #faultyTable(stalled?: Promise<void>): Table {
    const { table } = this.#home;
    const send = async (command: { input: Record<string, unknown> }): Promise<unknown> => {
      if (this.#faults && this.#random.chance(0.01)) throw new Killed('before a request');
      if (commitsStream(command.input)) {
        await stalled;
        if (this.#sabotage.noFence) dropFence(command.input);
      }
      const answer = await table.client.send(command as never);
      if (this.#faults && this.#random.chance(0.01)) throw new Killed('after a request');
      return answer;
    };
    return { name: table.name, client: { send } as never };
  }

  #ingestDependencies(gate: Promise<void>): IngestDependencies {
    const key = (place: string): string =>
      this.#sabotage.noAttemptInKeys ? place.replace(/\/a\d+\//, '/') : place;
    return {
      connector: this.#connector(),
      table: this.#faultyTable(),
      store: this.#store,
      upload: async () => '',
      download: async function* () {},
      openLanded: async function* () {},
      listLiveFiles: async function* () {},
      merge: async () => {
        throw new Error('appended rows need no merge');
      },
      openStreamLoader: async ({ dataPrefix }) => {
        const rows: number[] = [];
        return {
          propose: async () => [],
          load: async ({ body }) => {
            if (body.kind === 'records')
              rows.push(...body.records.map((record) => Number(record['n'])));
            await gate;
            return { read: 0, written: 0, rejected: 0, deduplicated: 0, bytes: 0 };
          },
          finish: async () => {
            const path = key(`${dataPrefix}0.parquet`);
            this.#objects.set(path, new TextEncoder().encode(JSON.stringify(rows)));
            const counts = {
              read: rows.length,
              written: rows.length,
              rejected: 0,
              deduplicated: 0,
              bytes: 1,
            };
            return {
              schema: [{ id: 1, name: 'n', type: 'long' }],
              adds: [fileOf(`s3://lake/${path}`, rows.length)],
              rejects: [],
              rewrites: [],
              drift: null,
              counts,
              files: [],
            };
          },
          [Symbol.asyncDispose]: async () => {},
        };
      },
      readMaskKey: async () => {
        throw new Error('nothing is hashed here');
      },
      readSecret: async () => ({}),
      createFetch: () => fetch,
      resolveHost: async (host) => host,
      now: () => new Date(this.#time),
      sleep: () => turn(),
      log: createLog(() => {}),
      memoryMegabytes: 512,
      threads: 1,
      scratchFolder: '/tmp',
    };
  }

  /** Delivers the numbers after the cursor, whatever there is when it is asked. */
  #connector(): Connector {
    const rowsOf = (sourceId: string): number => this.#rows.get(sourceId) ?? 0;
    return {
      name: 'numbers',
      title: 'Numbers',
      description: '',
      docs: '',
      labels: [],
      authMethods: [],
      syncModes: ['incremental'],
      supportsContinuous: false,
      supportsDateRange: false,
      landing: false,
      config: z.object({ sourceId: z.string() }),
      credentials: z.object({}),
      checkpoint: z.object({ v: z.literal(1), last: z.number() }),
      isComplete: () => false,
      check: async () => ({ ok: true, message: '' }),
      discover: async () => [
        {
          name: 'numbers',
          columns: [{ name: 'n', type: 'long' }],
          primaryKey: ['n'],
          cursorFields: [],
          modes: ['incremental'],
          captures: 'inserts',
          deletes: 'none',
          ordered: true,
          timeZone: 'UTC',
          supportsDateRange: false,
        },
      ],
      read: async function* (context, _stream, from) {
        const { sourceId } = context.config as { sourceId: string };
        const last = (from as { last: number } | null)?.last ?? 0;
        const upper = rowsOf(sourceId);
        const records = Array.from({ length: upper - last }, (_, index) => ({
          n: last + 1 + index,
        }));
        if (records.length > 0)
          yield { body: { kind: 'records', records }, checkpoint: { v: 1, last: upper } };
      },
    };
  }

  readonly #store: ObjectStore = {
    bucket: 'lake',
    get: async (key) => this.#objects.get(key) ?? missing(key),
    getRange: async (key, from, to) => (this.#objects.get(key) ?? missing(key)).subarray(from, to),
    putNew: async (key, body) => {
      if (this.#objects.has(key)) throw new HeadgateError('file_changed', `${key} exists`);
      this.#objects.set(key, body);
    },
    delete: async () => {},
  };

  readonly #prepareCommit: PrepareCommitFunction = async ({
    current,
    change,
    commitId,
    metadataPrefix,
  }) => {
    const before = current === null ? [] : this.#filesOf(current.metadataKey);
    const files = [...before, ...change.adds];
    const metadataKey = `${metadataPrefix}${commitId}.json`;
    this.#objects.set(metadataKey, new TextEncoder().encode(JSON.stringify(files)));
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const version = (current?.version ?? 0) + 1;
    const pointer = {
      metadataKey,
      snapshotId: String(version),
      version,
      rows,
      bytes: 1,
      dataFiles: files.length,
    };
    return { pointer, removedRows: 0 };
  };

  #filesOf(metadataKey: string): readonly DataFile[] {
    return JSON.parse(
      new TextDecoder().decode(this.#objects.get(metadataKey) ?? missing(metadataKey)),
    );
  }

  #rowsIn(path: string): readonly number[] {
    const key = path.replace('s3://lake/', '');
    return JSON.parse(new TextDecoder().decode(this.#objects.get(key) ?? missing(key)));
  }
}

const missing = (key: string): never => {
  throw new Error(`no object ${key}`);
};

const fileOf = (path: string, rows: number): DataFile => ({
  path,
  content: 'data',
  rows,
  bytes: 1,
  columnBytes: {},
  valueCounts: {},
  nullCounts: {},
  nanCounts: {},
  lowerBounds: {},
  upperBounds: {},
});

interface TransactUpdate {
  readonly Update?: {
    readonly Key?: { readonly sk?: unknown };
    ConditionExpression?: string;
    readonly UpdateExpression?: string;
    readonly ExpressionAttributeNames?: Record<string, unknown>;
    readonly ExpressionAttributeValues?: Record<string, unknown>;
  };
}
const itemsOf = (input: Record<string, unknown>): readonly TransactUpdate[] =>
  (input['TransactItems'] as readonly TransactUpdate[] | undefined) ?? [];

const commitsStream = (input: Record<string, unknown>): boolean =>
  itemsOf(input).some(({ Update }) => String(Update?.Key?.sk).startsWith('STREAM#'));

/** Takes the conditions off a commit, with the names and values that only they use. */
function dropFence(input: Record<string, unknown>): void {
  for (const { Update } of itemsOf(input)) {
    if (Update === undefined) continue;
    delete Update.ConditionExpression;
    for (const used of [Update.ExpressionAttributeNames, Update.ExpressionAttributeValues])
      for (const name of Object.keys(used ?? {}))
        if (!new RegExp(`${name}\\b`).test(Update.UpdateExpression ?? '')) delete used?.[name];
  }
}

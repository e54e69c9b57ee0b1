import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Connector } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { IngestDependencies } from '../../shared/ingest/ingestDependencies.ts';
import { runIngest } from '../../shared/ingest/runIngest.ts';
import { listLiveFiles } from '../../shared/lake/listLiveFiles.ts';
import { prepareCommit } from '../../shared/lake/prepareCommit.ts';
import { revertTo } from '../../shared/lake/revertTo.ts';
import type { ObjectStore } from '../../shared/lake/tableChange.ts';
import { createLog } from '../../shared/log.ts';
import { mergeCommit } from '../../shared/merge/mergeCommit.ts';
import { commitWork } from '../../shared/runs/commitWork.ts';
import { endRun } from '../../shared/runs/endRun.ts';
import type { ExecutionInput, IngestAnswer } from '../../shared/runs/ingestProtocol.ts';
import { reap } from '../../shared/runs/reap.ts';
import { requestRun } from '../../shared/runs/requestRun.ts';
import type { RunRequest } from '../../shared/runs/runRequest.ts';
import { getRun } from '../../shared/runs/runs.ts';
import { getStream } from '../../shared/runs/streams.ts';
import type { SourceItem } from '../../shared/sources/sourceItem.ts';
import { openStreamLoader } from '../../shared/staging/openStreamLoader.ts';
import type { Table } from '../../shared/table.ts';
import type { HeadgateTable } from '../headgateTable.ts';
import type { Randomness } from '../randomness.ts';
import { MemoryStore } from '../shared/lake/memoryStore.ts';
import type { SourceDatabase } from './sourceDatabase.ts';

/** The process died here, and nobody was told. */
export class Killed extends Error {
  override readonly name = 'RetriableError';
}

interface Execution {
  input: ExecutionInput;
  state: 'ingest' | 'commit' | 'fail' | 'over';
  answer: IngestAnswer | null;
  tries: number;
}

/** What a sabotage may put between Headgate and its surroundings. */
export interface Wiring {
  readonly table: (table: Table) => Table;
  readonly connector: (connector: Connector) => Connector;
  readonly merge: (merge: IngestDependencies['merge']) => IngestDependencies['merge'];
}

const quiet = createLog(() => {});
const maxTries = 3;

/**
 * One source and everything that runs for it: the real lock, ingest, loader, merge, lake and commit on the embedded
 * database, and a state machine that may stop, forget and repeat at every step. With the same seed it does the same.
 */
export class OneSource {
  readonly store = new MemoryStore();
  faults = true;
  /** How many runs ended in each way. */
  readonly ends: Record<string, number> = {};
  #time = Date.parse('2026-03-01T00:00:00Z');
  #executions: Execution[] = [];
  /** Answers of invocations that were given up; their commit may still come. */
  #stale: { readonly input: ExecutionInput; readonly answer: IngestAnswer }[] = [];
  #ids = 0;
  #fuse = Infinity;
  #diesBefore = false;
  readonly #home: HeadgateTable;
  readonly #database: SourceDatabase;
  readonly #random: Randomness;
  readonly #wiring: Wiring;
  readonly source: SourceItem;

  constructor(
    home: HeadgateTable,
    source: SourceItem,
    database: SourceDatabase,
    random: Randomness,
    wiring: Wiring,
  ) {
    this.#home = home;
    this.source = source;
    this.#database = database;
    this.#random = random;
    this.#wiring = wiring;
  }

  get now(): Date {
    return new Date(this.#time);
  }

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** Asks for a run, as a schedule, a person or a retry would. Busy is an answer, too. */
  async request(request: RunRequest): Promise<void> {
    this.#light();
    await this.#survive(async () => {
      await requestRun(this.#dependencies(), {
        tenant: this.source.tenant,
        sourceId: this.source.sourceId,
        connector: this.source.connector,
        request,
        trigger: 'api',
        requestedBy: 'history',
        whenBusy: this.#random.chance(0.5) ? 'queue' : 'reject',
      });
    });
  }

  /** One step of one execution, or a fault. */
  async advance(): Promise<void> {
    this.#light();
    if (this.faults && this.#stale.length > 0 && this.#random.chance(0.08)) {
      await this.comeLate();
      return;
    }
    const execution = this.#executions.find(({ state }) => state !== 'over');
    if (execution !== undefined) await this.#step(execution);
  }

  /** A machine is gone when its work is done and not committed; the answer is under way. */
  async giveUp(): Promise<void> {
    const alive = this.#executions.find(({ state }) => state !== 'over');
    if (alive === undefined) return;
    if (alive.state === 'ingest') await this.#survive(() => this.#ingest(alive));
    if (alive.state === 'commit' && alive.answer !== null)
      this.#stale.push({ input: alive.input, answer: alive.answer });
    alive.state = 'over';
  }

  /** An answer that was given up is committed after all. */
  async comeLate(): Promise<void> {
    const [late] = this.#stale.splice(this.#random.below(this.#stale.length || 1), 1);
    if (late !== undefined) await this.#survive(() => this.#commit(late.input, late.answer));
  }

  /** Everything that is under way comes to its end, locks come free by themselves, and what was given up comes late. */
  async settle(): Promise<void> {
    this.faults = false;
    this.#light();
    for (let round = 0; round < 3; round++) {
      for (let turns = 0; this.#executions.some(({ state }) => state !== 'over'); turns++) {
        if (turns > 2000) throw new Error('executions did not come to an end');
        await this.advance();
      }
      this.pass(40 * 60_000);
      await reap(this.#dependencies(), quiet);
    }
    while (this.#stale.length > 0) await this.comeLate();
    this.faults = true;
  }

  /** A run without any fault, to its end. Throws unless it ends well. */
  async run(request: RunRequest): Promise<void> {
    this.faults = false;
    this.#light();
    const { tenant, sourceId, connector } = this.source;
    const answer = await requestRun(this.#dependencies(), {
      tenant,
      sourceId,
      connector,
      request,
      trigger: 'api',
      requestedBy: 'history',
      whenBusy: 'reject',
    });
    if (answer.outcome !== 'started') throw new Error(`the lock is not free: ${answer.outcome}`);
    while (this.#executions.some(({ state }) => state !== 'over')) await this.advance();
    this.faults = true;
    const run = await getRun(this.#home.table, tenant, answer.runId);
    if (run?.status !== 'succeeded')
      throw new Error(`a run without faults ended as ${run?.status}: ${run?.error?.message}`);
  }

  reap(): Promise<void> {
    return this.#survive(() => reap(this.#dependencies(), quiet));
  }

  /** The whole machine of an execution is gone, and nobody is told. */
  crash(): void {
    const alive = this.#executions.filter(({ state }) => state !== 'over');
    if (alive.length > 0) this.#random.pick(alive).state = 'over';
  }

  /** Whether a read broke off whose parts wait: the next run ends it, with what there was when it began. */
  async hasParts(): Promise<boolean> {
    return (await this.#stream())?.stage != null;
  }

  /** Path of each live data file, and of its deletes. */
  async files(): Promise<readonly { readonly file: string; readonly deletes: string | null }[]> {
    const stream = await this.#stream();
    if (stream?.pointer == null) return [];
    const live = listLiveFiles(this.store, stream.pointer, new AbortController().signal);
    const paths = [];
    for await (const { file, deletes } of live)
      paths.push({ file: file.path, deletes: deletes?.path ?? null });
    return paths;
  }

  #stream(): ReturnType<typeof getStream> {
    const { tenant, sourceId } = this.source;
    return getStream(this.#home.table, tenant, sourceId, this.#database.stream);
  }

  async #step(execution: Execution): Promise<void> {
    try {
      if (execution.state === 'ingest') await this.#ingest(execution);
      else if (execution.state === 'commit') await this.#commitOf(execution);
      else await this.#fail(execution);
    } catch (error) {
      const passing = error instanceof Error && error.name === 'RetriableError';
      if (!passing && !(error instanceof HeadgateError)) throw error;
      if (execution.state === 'over') return;
      if (passing && execution.tries < maxTries) execution.tries += 1;
      else execution.state = execution.state === 'fail' ? 'over' : 'fail';
    }
  }

  async #ingest(execution: Execution): Promise<void> {
    const { input } = execution;
    // A function whose time is short stops at its first checkpoint.
    let looks = this.faults && this.#random.chance(0.5) ? this.#random.below(6) : 1e9;
    const remainingMilliseconds = (): number => (looks-- > 0 ? 600_000 : 0);
    const scratchFolder = mkdtempSync(join(tmpdir(), 'headgate-history-'));
    try {
      const answer = await runIngest(
        this.#ingestDependencies(scratchFolder),
        { ...input, op: 'ingest' },
        { remainingMilliseconds },
      );
      if (this.faults && this.#random.chance(0.25)) {
        // The answer came too late: the state machine tries again, and the old one may still be committed.
        this.#stale.push({ input, answer });
        // Or the whole machine is gone, and somebody else takes the source over before that.
        if (this.#random.chance(0.6)) execution.state = 'over';
        throw new Killed('timed out');
      }
      Object.assign(execution, { answer, state: 'commit', tries: 0 });
    } finally {
      rmSync(scratchFolder, { recursive: true, force: true });
    }
  }

  async #commitOf(execution: Execution): Promise<void> {
    const { input, answer } = execution;
    if (answer === null) throw new Error('nothing to commit');
    if (answer.kind === 'FANOUT') throw new Error('nothing here is large enough to be cut');
    const { seq } = await this.#commit(input, answer);
    execution.tries = 0;
    if (answer.kind === 'DONE') {
      execution.state = 'over';
      this.#count('done');
      return;
    }
    if (answer.kind === 'PARK') this.#time = Math.max(this.#time, Date.parse(answer.until));
    execution.input = { ...input, seq, checkpoint: answer.checkpoint };
    execution.state = 'ingest';
  }

  async #commit(input: ExecutionInput, answer: IngestAnswer): Promise<{ readonly seq: number }> {
    this.#ids += 1;
    return commitWork(
      {
        ...this.#dependencies(),
        store: this.#faultyStore(),
        prepareCommit,
        prepareRevert: revertTo,
        listLiveFiles,
        invocationId: String(this.#ids),
        log: quiet,
        signal: new AbortController().signal,
      },
      { ...input, answer },
    );
  }

  async #fail(execution: Execution): Promise<void> {
    await endRun(this.#dependencies(), execution.input, { status: 'failed' });
    execution.state = 'over';
    this.#count('failed');
  }

  #count(end: string): void {
    this.ends[end] = (this.ends[end] ?? 0) + 1;
  }

  async #survive(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed || error instanceof HeadgateError)) throw error;
    }
  }

  /** The process dies at a request of this step, before it or before anybody hears of it; which one is drawn here. */
  #light(): void {
    const dies = this.faults && this.#random.chance(0.2);
    this.#fuse = dies ? this.#random.below(this.#random.pick([6, 25, 60])) : Infinity;
    this.#diesBefore = this.#random.chance(0.5);
  }

  async #mortal<Result>(work: () => Promise<Result>): Promise<Result> {
    const dies = this.#fuse === 0;
    this.#fuse -= 1;
    if (dies && this.#diesBefore) throw new Killed('before a request');
    const result = await work();
    if (dies) throw new Killed('after a request');
    return result;
  }

  #table(): Table {
    const { table } = this.#home;
    const send = (command: unknown): Promise<unknown> =>
      this.#mortal(() => table.client.send(command as never));
    return this.#wiring.table({ name: table.name, client: { send } as never });
  }

  #faultyStore(): ObjectStore {
    const { store } = this;
    return {
      bucket: store.bucket,
      get: (key) => this.#mortal(() => store.get(key)),
      getRange: (key, from, to) => this.#mortal(() => store.getRange(key, from, to)),
      putNew: (key, body) => this.#mortal(() => store.putNew(key, body)),
      delete: (keys) => store.delete(keys),
    };
  }

  #dependencies() {
    return {
      table: this.#table(),
      now: () => this.now,
      executions: {
        start: async (input: ExecutionInput) => {
          if (this.faults && this.#random.chance(0.02)) throw new Killed('before StartExecution');
          if (this.#executions.some((other) => other.input.runId === input.runId)) return;
          this.#executions.push({ input, state: 'ingest', answer: null, tries: 0 });
        },
        stop: async (runId: string) => {
          for (const execution of this.#executions)
            if (execution.input.runId === runId) execution.state = 'over';
        },
        describe: async (runId: string) => {
          const found = this.#executions.find(({ input }) => input.runId === runId);
          return found === undefined ? 'missing' : found.state === 'over' ? 'ended' : 'running';
        },
      } as const,
    };
  }

  #ingestDependencies(scratchFolder: string): IngestDependencies {
    const { store } = this;
    const database = this.#database;
    // A table grows with its history: a read keeps having some dozens of batches.
    const mostRowsPerBatch = Math.max(40, Math.floor(this.#ids / 2));
    const put = async (localPath: string, key: string): Promise<string> => {
      await this.#mortal(() => store.putNew(key, readFileSync(localPath)));
      return `s3://${store.bucket}/${key}`;
    };
    return {
      connector: this.#throttled(
        this.#wiring.connector(database.connector(1 + this.#random.below(mostRowsPerBatch))),
      ),
      table: this.#table(),
      store: this.#faultyStore(),
      upload: put,
      download: (path) => Readable.from([store.objects.get(path.slice(10)) ?? new Uint8Array()]),
      openLanded: () => createReadStream('/dev/null'),
      listLiveFiles,
      openStreamLoader,
      merge: this.#wiring.merge(mergeCommit),
      readMaskKey: async () => {
        throw new Error('nothing is hashed here');
      },
      readSecret: async () => ({ ...database.credentials }),
      createFetch: () => fetch,
      resolveHost: async () => database.host,
      now: () => this.now,
      sleep: async () => {},
      log: quiet,
      memoryMegabytes: 600,
      threads: 1,
      scratchFolder,
    } as IngestDependencies;
  }

  /** The source stops answering now and then, at any batch. */
  #throttled(connector: Connector): Connector {
    let batches = this.faults && this.#random.chance(0.05) ? this.#random.below(10) : Infinity;
    return {
      ...connector,
      async *read(context, stream, from) {
        for await (const batch of connector.read(context, stream, from)) {
          if (batches-- === 0)
            throw new HeadgateError('source_throttled', 'The source asked us to slow down.');
          yield batch;
        }
      },
    };
  }
}

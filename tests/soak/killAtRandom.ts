import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, apiOf } from '../api.ts';
import { type HeadgateProcess, startHeadgateProcess } from '../headgateProcess.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { startPostgres } from '../postgres.ts';
import type { Randomness } from '../randomness.ts';

export interface KillReport {
  readonly kills: number;
  readonly files: number;
  readonly fileRows: number;
  readonly postgresRows: number;
  /** What does not hold; empty when every row is there exactly once. */
  readonly problems: readonly string[];
}

const token = `hg_${'k'.repeat(43)}`;
const rowsPerFile = 2000;

/**
 * Kills the whole of Headgate with signal 9 at random moments, during file and PostgreSQL ingests, starts it again,
 * and at last compares the tables with the sources, row by row. The database outlives the kills.
 */
export async function killAtRandom(kills: number, random: Randomness): Promise<KillReport> {
  await using postgres = await startPostgres();
  const home = mkdtempSync(join(tmpdir(), 'headgate-kill-'));
  const world = new World(home, random);
  try {
    await postgres.execute(
      'create table events (id bigint generated always as identity primary key, at timestamptz not null default now(), note text)',
    );
    await world.start();
    await world.createSources(postgres);
    for (let killed = 0; killed < kills; killed++) {
      const work = world.work(postgres.execute).catch(() => {});
      await sleep(50 + random.below(4000));
      await world.killAndRestart();
      await work;
    }
    return await world.compare(kills, postgres.execute);
  } finally {
    await world.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

type Execute = (sql: string) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;

class World {
  readonly #home: string;
  readonly #random: Randomness;
  /** Names of files whose upload was acknowledged. */
  readonly #acknowledged = new Set<string>();
  #headgate: HeadgateProcess | null = null;
  #nextFile = 0;
  #nextRow = 0;

  constructor(home: string, random: Randomness) {
    this.#home = home;
    this.#random = random;
  }

  get #api(): Api {
    if (this.#headgate === null) throw new Error('headgate is not running');
    return apiOf(this.#headgate.url, token);
  }

  async start(): Promise<void> {
    this.#headgate = await startHeadgateProcess(this.#home, token);
  }

  async stop(): Promise<void> {
    await this.#headgate?.[Symbol.asyncDispose]();
  }

  async killAndRestart(): Promise<void> {
    await this.#headgate?.kill();
    await this.start();
  }

  async createSources(postgres: {
    host: string;
    port: number;
    user: string;
    password: string;
  }): Promise<void> {
    await this.#api.call('POST', '/v1/sources', {
      key: 'files',
      name: 'Files',
      connector: 'local_files',
      status: 'active',
    });
    await this.#api.call('POST', '/v1/sources', {
      key: 'events',
      name: 'Events',
      connector: 'postgres',
      status: 'active',
      syncMode: 'incremental',
      cursorField: 'id',
      streams: { 'public.events': {} },
      config: {
        host: postgres.host,
        port: postgres.port,
        database: 'postgres',
        sslmode: 'disable',
        lagSeconds: 0,
      },
      credentials: { user: postgres.user, password: postgres.password },
    });
  }

  /** Uploads files and starts runs until Headgate is killed under it. */
  async work(execute: Execute): Promise<void> {
    for (;;) {
      await execute(
        `insert into events (note) select 'n' || n from generate_series(1, ${500 + this.#random.below(2000)}) n`,
      );
      await this.#upload(this.#random.chance(0.7));
      await this.#api.call('POST', '/v1/sources/events/runs', {}).catch(() => {});
      if (this.#random.chance(0.3)) await sleep(this.#random.below(400));
    }
  }

  async #upload(syncs: boolean): Promise<void> {
    const name = `f${this.#nextFile++}.csv`;
    const path = join(this.#home, name);
    const lines = Array.from({ length: rowsPerFile }, () => `${this.#nextRow++},x`);
    writeFileSync(path, `id,word\n${lines.join('\n')}\n`);
    await this.#api.upload('files', path, syncs);
    this.#acknowledged.add(name);
  }

  async compare(kills: number, execute: Execute): Promise<KillReport> {
    const problems: string[] = [];
    // On a slow machine every kill may have come before the first upload was acknowledged.
    await this.#upload(false);
    for (const key of ['files', 'events']) {
      await this.#settle(key, problems);
      const { currentRunId } = await this.#api.call<{ currentRunId: string | null }>(
        'GET',
        `/v1/sources/${key}`,
      );
      if (currentRunId !== null) problems.push(`${key}: the lock is still held by ${currentRunId}`);
    }
    const listed = await this.#api.allFiles('files');
    for (const name of this.#acknowledged)
      if (!listed.some((file) => file.name === name && file.status === 'loaded'))
        problems.push(`${name} was acknowledged and is not loaded`);
    const loaded = listed.filter(({ status }) => status === 'loaded');
    const files = await this.#count('files', 'id');
    if (files.rows !== loaded.length * rowsPerFile || files.distinct !== files.rows)
      problems.push(
        `${loaded.length} files of ${rowsPerFile} rows, but the table has ${files.rows} (${files.distinct} distinct)`,
      );
    const events = await this.#count('events', 'id');
    const { rows } = await execute('select count(*) as n, max(id) as top from events');
    const wanted = Number(rows[0]?.['n']);
    if (
      events.rows !== wanted ||
      events.distinct !== wanted ||
      events.top !== Number(rows[0]?.['top'])
    )
      problems.push(
        `${wanted} events in PostgreSQL, ${events.rows} (${events.distinct} distinct) in the table`,
      );
    return {
      kills,
      files: loaded.length,
      fileRows: files.rows,
      postgresRows: events.rows,
      problems,
    };
  }

  /** Runs a source until it has nothing new. */
  async #settle(key: string, problems: string[]): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      const run = await this.#api.runToEnd(key);
      if (run.result === 'nothing_new') return;
      if (run.status === 'failed') problems.push(`${key}: ${run.error?.message}`);
    }
    problems.push(`${key} did not come to rest`);
  }

  async #count(
    key: string,
    column: string,
  ): Promise<{ rows: number; distinct: number; top: number }> {
    const { data } = await this.#api.call<{
      data: { sourceKey: string; stream: string }[];
    }>('GET', '/v1/tables?limit=200');
    const stream = data.find(({ sourceKey }) => sourceKey === key)?.stream ?? '';
    const table = await this.#api.call<LakeTable>(
      'GET',
      `/v1/sources/${key}/tables/${encodeURIComponent(stream)}`,
    );
    const [row] = await lakeReader(this.#headgate?.awsEndpoint ?? '').query(
      table,
      `select count(*)::double as rows, count(distinct ${column})::double as "distinct", max(${column})::double as top from t`,
    );
    return {
      rows: Number(row?.['rows'] ?? 0),
      distinct: Number(row?.['distinct'] ?? 0),
      top: Number(row?.['top'] ?? 0),
    };
  }
}

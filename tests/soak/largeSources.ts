import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Api, type ApiRun, apiOf } from '../api.ts';
import { functionMemory } from '../bench/functionMemory.ts';
import { type HeadgateProcess, startHeadgateProcess } from '../headgateProcess.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { startPostgres } from '../postgres.ts';
import type { Randomness } from '../randomness.ts';

export interface LargeReport {
  readonly what: string;
  readonly gigabytes: number;
  readonly rows: number;
  readonly kills: number;
  readonly seconds: number;
  /** The most that any invocation of the ingest function used, between each two kills. */
  readonly peakMegabytes: readonly number[];
  readonly problems: readonly string[];
}

const token = `hg_${'l'.repeat(43)}`;
const mostMegabytes = 600;
const sums =
  'count(*)::double as rows, count(distinct id)::double as ids, sum(id)::double as total, sum(hash(note) % 1000)::double as notes';

/** A CSV of this many rows, 118 bytes each, loaded while Headgate is killed. */
export async function largeCsv(rows: number, random: Randomness): Promise<LargeReport> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-large-'));
  const file = join(home, 'large.csv');
  try {
    const wanted = await writeCsv(file, rows);
    await using world = await World.start(home, random);
    const { id } = await world.api.call<{ id: string }>('POST', '/v1/sources', {
      key: 'large',
      name: 'Large',
      connector: 'local_files',
      status: 'paused',
    });
    await upload(world.headgate.awsEndpoint, file, `landing/default/${id}/large.csv`);
    while ((await world.api.allFiles('large')).length === 0) await sleep(200);
    return await world.load('a CSV', statSync(file).size / 1e9, 'local_files', wanted);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A table of this many rows, loaded while Headgate is killed. */
export async function largeTable(rows: number, random: Randomness): Promise<LargeReport> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-large-'));
  await using postgres = await startPostgres();
  try {
    await postgres.execute(
      `create table large as select i::bigint as id, (i::bigint * 7919 % 500000)::int as customer_id,
         timestamptz '2026-01-01' + (i % 31536000) * interval '1 second' as created_at,
         (i % 1000000 / 100.0)::numeric(12,2) as amount, 'note about order ' || i as note
       from generate_series(1, ${rows}) i`,
    );
    await postgres.execute('alter table large add primary key (id)');
    await postgres.execute('vacuum analyze large');
    const size = await postgres.execute("select pg_total_relation_size('large') as bytes");
    const sample = await DuckDBInstance.create(':memory:');
    const connection = await sample.connect();
    const made = await connection.runAndReadAll(
      `select ${sums} from (select i as id, 'note about order ' || i as note from range(1, ${rows + 1}) t(i))`,
    );
    const wanted = made.getRowObjectsJson()[0] ?? {};
    connection.closeSync();
    sample.closeSync();
    await using world = await World.start(home, random);
    await world.api.call('POST', '/v1/sources', {
      key: 'large',
      name: 'Large',
      connector: 'postgres',
      status: 'paused',
      streams: { 'public.large': {} },
      config: {
        host: postgres.host,
        port: postgres.port,
        database: 'postgres',
        sslmode: 'disable',
      },
      credentials: { user: postgres.user, password: postgres.password },
    });
    const gigabytes = Number(size.rows[0]?.['bytes']) / 1e9;
    return await world.load('a PostgreSQL table', gigabytes, 'postgres', wanted);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Answers what every row of it adds up to. */
async function writeCsv(file: string, rows: number): Promise<Readonly<Record<string, unknown>>> {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  const source = `(SELECT i AS id, (hash(i) % 500000)::int AS customer_id,
      timestamp '2026-01-01' + to_seconds((hash(i + 1) % 31536000)::int) AS created_at,
      ((hash(i + 2) % 1000000) / 100)::decimal(12,2) AS amount, 'user' || (hash(i + 5) % 500000) || '@example.com' AS email,
      'note about order ' || i || CASE WHEN i % 10 = 0 THEN ', with a comma' ELSE '' END AS note,
      (hash(i + 7) % 10000) / 7.0 AS score FROM range(${rows}) t(i))`;
  await connection.run(`COPY ${source} TO '${file}' (FORMAT csv, HEADER true)`);
  const made = await connection.runAndReadAll(`SELECT ${sums} FROM ${source}`);
  connection.closeSync();
  database.closeSync();
  return made.getRowObjectsJson()[0] ?? {};
}

async function upload(endpoint: string, file: string, key: string): Promise<void> {
  const client = new S3Client({ ...localClientConfig, endpoint, forcePathStyle: true });
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  const bucket = Buckets?.find(({ Name }) => Name?.includes('landing'))?.Name;
  await new Upload({
    client,
    partSize: 64 * 2 ** 20,
    params: { Bucket: bucket, Key: key, Body: createReadStream(file) },
  }).done();
}

class World implements AsyncDisposable {
  headgate: HeadgateProcess;
  readonly #home: string;
  readonly #random: Randomness;

  private constructor(home: string, random: Randomness, headgate: HeadgateProcess) {
    this.#home = home;
    this.#random = random;
    this.headgate = headgate;
  }

  static async start(folder: string, random: Randomness): Promise<World> {
    const home = join(folder, 'home');
    return new World(home, random, await startHeadgateProcess(home, token));
  }

  get api(): Api {
    return apiOf(this.headgate.url, token);
  }

  /** One run of the source, killed and started again three times on its way. */
  async load(
    what: string,
    gigabytes: number,
    connector: string,
    wanted: Readonly<Record<string, unknown>>,
  ): Promise<LargeReport> {
    const problems: string[] = [];
    const peaks: number[] = [];
    const started = Date.now();
    const { runId } = await this.api.call<{ runId: string }>('POST', '/v1/sources/large/runs', {});
    const memory = async (): Promise<void> => {
      const name = `headgate-local-ingest-${connector}`;
      const since = new Date(started);
      peaks.push(await functionMemory(this.headgate.awsEndpoint, name, since).catch(() => 0));
    };
    let kills = 0;
    for (let nextKill = 8 + this.#random.below(10); ; ) {
      await sleep(1000);
      nextKill -= 1;
      const run = await this.api.call<ApiRun>('GET', `/v1/runs/${runId}`);
      if (run.status !== 'queued' && run.status !== 'running') {
        if (run.status !== 'succeeded')
          problems.push(`the run ended as ${run.status}: ${run.error?.message}`);
        break;
      }
      if (kills === 3 || nextKill > 0) continue;
      await memory();
      await this.headgate.kill();
      this.headgate = await startHeadgateProcess(this.#home, token);
      kills += 1;
      nextKill = 10 + this.#random.below(30);
    }
    if (kills === 0) problems.push('it was over before it was killed');
    await memory();
    const seconds = Math.round((Date.now() - started) / 1000);
    const found = await this.#found();
    for (const [name, value] of Object.entries(wanted))
      if (String(found[name]) !== String(value))
        problems.push(
          `${name}: ${String(found[name])} in the table, ${String(value)} in the source`,
        );
    if (Math.max(...peaks) > mostMegabytes)
      problems.push(`an invocation took ${Math.max(...peaks)} MB of ${mostMegabytes}`);
    const rows = Number(found['rows']);
    return { what, gigabytes, rows, kills, seconds, peakMegabytes: peaks, problems };
  }

  async #found(): Promise<Readonly<Record<string, unknown>>> {
    const { data } = await this.api.call<{ data: { stream: string }[] }>(
      'GET',
      '/v1/tables?limit=200',
    );
    const table = await this.api.call<LakeTable>(
      'GET',
      `/v1/sources/large/tables/${encodeURIComponent(data[0]?.stream ?? '')}`,
    );
    const reader = lakeReader(this.headgate.awsEndpoint);
    const [row] = await reader.query(table, `select ${sums} from t`);
    return row ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.headgate[Symbol.asyncDispose]();
  }
}

import { createReadStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Api, apiOf } from '../api.ts';
import { localClientConfig } from '../local/hostServices.ts';
import type { RunningHeadgate } from '../startHeadgate.ts';
import { atLeast, atMost, type BenchResult, median, perSecond } from './figures.ts';
import { functionMemory } from './functionMemory.ts';
import { runQuietly } from './runQuietly.ts';
import { unitsOf } from './unitsOf.ts';

const rows = 9_000_000;
const rounds = 3;
const folder = join(tmpdir(), 'headgate-bench');
const file = join(folder, 'orders.csv');

/** A CSV of about 1 GB: 9 M rows × 10 columns of the usual kinds. Made once, and the same every time. */
async function makeFile(): Promise<void> {
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  await connection.run(
    `COPY (SELECT i AS id, (hash(i) % 500000)::int AS customer_id,
       timestamp '2026-01-01' + to_seconds((hash(i + 1) % 31536000)::int) AS created_at,
       ((hash(i + 2) % 1000000) / 100)::decimal(12,2) AS amount, (hash(i + 3) % 9)::int + 1 AS quantity,
       ['new', 'paid', 'sent', 'returned'][(hash(i + 4) % 4)::int + 1] AS status,
       'user' || (hash(i + 5) % 500000) || '@example.com' AS email,
       'note about order ' || i || CASE WHEN i % 10 = 0 THEN ', with a comma' ELSE '' END AS note,
       (hash(i + 6) % 2 = 0) AS active, (hash(i + 7) % 10000) / 7.0 AS score
     FROM range(${rows}) t(i)) TO '${file}.part' (FORMAT csv, HEADER true)`,
  );
  connection.closeSync();
  database.closeSync();
  renameSync(`${file}.part`, file);
}

/** Raw DuckDB: the file to a zstd Parquet file, types found by its sniffer. Seconds, median of three. */
async function floor(threads: number): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const database = await DuckDBInstance.create(':memory:', { threads: String(threads) });
    const connection = await database.connect();
    const started = performance.now();
    await connection.run(
      `COPY (SELECT * FROM read_csv('${file}')) TO '${join(folder, 'floor.parquet')}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    seconds.push((performance.now() - started) / 1000);
    connection.closeSync();
    database.closeSync();
  }
  return median(seconds);
}

/** Landed in S3 → committed Iceberg table, as the run's own times say. Seconds, median of three fresh sources. */
async function ingest(
  headgate: RunningHeadgate,
  api: Api,
): Promise<{ readonly seconds: number; readonly units: number }> {
  const s3 = new S3Client({
    ...localClientConfig,
    endpoint: headgate.awsEndpoint,
    forcePathStyle: true,
  });
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  const landing = Buckets?.find(({ Name }) => Name?.includes('landing'))?.Name;
  const seconds: number[] = [];
  let units = 0;
  for (let round = 0; round < rounds; round++) {
    const key = `bench-csv-${round}`;
    const { id } = await api.call<{ id: string }>('POST', '/v1/sources', {
      key,
      name: key,
      connector: 'local_files',
      status: 'paused',
    });
    await new Upload({
      client: s3,
      params: {
        Bucket: landing,
        Key: `landing/default/${id}/orders.csv`,
        Body: createReadStream(file),
      },
    }).done();
    while ((await api.allFiles(key)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const run = await runQuietly(api, key);
    if (run.counts.written !== rows)
      throw new Error(`wrote ${run.counts.written} of ${rows} rows: ${run.error?.message}`);
    seconds.push((Date.parse(run.finishedAt ?? '') - Date.parse(run.createdAt)) / 1000);
    units = await unitsOf(api, run);
    await api.call('DELETE', `/v1/sources/${key}?data=true`);
  }
  return { seconds: median(seconds), units };
}

/** Headgate's whole ingest of a 1 GB CSV against DuckDB alone, on as many threads as the function has. */
export async function csvBench(headgate: RunningHeadgate): Promise<BenchResult> {
  await makeFile();
  const since = new Date();
  const threads = 1;
  const [one, two] = [await floor(threads), await floor(2)];
  const { seconds, units } = await ingest(headgate, apiOf(headgate.url, headgate.token));
  const memory = await functionMemory(
    headgate.awsEndpoint,
    'headgate-local-ingest-local_files',
    since,
  );
  const ratio = one / seconds;
  return {
    title: `CSV, ${(statSync(file).size / 1e9).toFixed(2)} GB, ${rows.toLocaleString('en-US')} rows × 10 columns`,
    figures: [
      {
        what: 'floor: raw DuckDB COPY, 1 thread (what the function has)',
        value: perSecond(rows, one),
      },
      { what: 'for comparison: raw DuckDB COPY, 2 threads', value: perSecond(rows, two) },
      {
        what: `Headgate, ${units} byte ranges, landing to commit`,
        value: perSecond(rows, seconds),
      },
      { what: 'ratio to the floor', value: ratio.toFixed(2) },
      { what: 'peak memory of the ingest function', value: `${memory} MB` },
    ],
    missed: [
      ...atLeast('byte ranges read side by side', units, 2),
      ...atLeast('CSV ratio', ratio, 0.5),
      ...atMost('peak memory of the ingest function (MB)', memory, 600),
    ],
  };
}

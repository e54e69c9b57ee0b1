import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import { apiOf } from '../api.ts';
import { type PostgresServer, startPostgres } from '../postgres.ts';
import type { RunningHeadgate } from '../startHeadgate.ts';
import { atLeast, atMost, type BenchResult, median, perSecond } from './figures.ts';
import { functionMemory } from './functionMemory.ts';
import { runQuietly } from './runQuietly.ts';
import { unitsOf } from './unitsOf.ts';

const rows = 5_000_000;
const rounds = 3;

async function makeTable(postgres: PostgresServer): Promise<void> {
  await postgres.execute(
    `create table orders as select i::bigint as id, (i::bigint * 7919 % 500000)::int as customer_id,
       timestamptz '2026-01-01' + (i % 31536000) * interval '1 second' as created_at,
       (i % 1000000 / 100.0)::numeric(12,2) as amount, (i % 9 + 1)::int as qty,
       (array['new','paid','sent','returned'])[i % 4 + 1] as status,
       'user' || i % 500000 || '@example.com' as email, 'note about order ' || i as note,
       i % 2 = 0 as active, i / 7.0::double precision as score
     from generate_series(1, ${rows}) i`,
  );
  await postgres.execute('alter table orders add primary key (id)');
  await postgres.execute('vacuum analyze orders');
}

/** `\copy` to nothing: the bytes of COPY in its own text format, the cheapest for the server, thrown away. Seconds, median of three. */
async function floor(postgres: PostgresServer): Promise<number> {
  const client = await postgres.connect();
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await pipeline(
      client.query(copyTo('copy orders to stdout')),
      new Writable({ write: (_chunk, _encoding, done) => done() }),
    );
    seconds.push((performance.now() - started) / 1000);
  }
  await client.end();
  return median(seconds);
}

/** Headgate's whole ingest of a table against `\copy` to nothing. */
export async function postgresBench(headgate: RunningHeadgate): Promise<BenchResult> {
  await using postgres = await startPostgres();
  await makeTable(postgres);
  const api = apiOf(headgate.url, headgate.token);
  const since = new Date();
  const fastest = await floor(postgres);
  await api.call('POST', '/v1/sources', {
    key: 'bench-postgres',
    name: 'Bench',
    connector: 'postgres',
    status: 'paused',
    config: { host: postgres.host, port: postgres.port, database: 'postgres', sslmode: 'disable' },
    credentials: { user: postgres.user, password: postgres.password },
  });
  const seconds: number[] = [];
  let units = 0;
  for (let round = 0; round < rounds; round++) {
    const run = await runQuietly(api, 'bench-postgres');
    if (run.counts.written !== rows)
      throw new Error(`wrote ${run.counts.written} of ${rows} rows: ${run.error?.message}`);
    seconds.push((Date.parse(run.finishedAt ?? '') - Date.parse(run.createdAt)) / 1000);
    units = await unitsOf(api, run);
  }
  const memory = await functionMemory(
    headgate.awsEndpoint,
    'headgate-local-ingest-postgres',
    since,
  );
  const ratio = fastest / median(seconds);
  return {
    title: `PostgreSQL, ${rows.toLocaleString('en-US')} rows × 10 columns, loopback`,
    figures: [
      { what: 'floor: COPY to nothing', value: perSecond(rows, fastest) },
      {
        what: `Headgate, ${units} key ranges, request to commit`,
        value: perSecond(rows, median(seconds)),
      },
      { what: 'ratio to the floor', value: ratio.toFixed(2) },
      { what: 'peak memory of the ingest function', value: `${memory} MB` },
    ],
    missed: [
      ...atLeast('key ranges read side by side', units, 2),
      ...atLeast('PostgreSQL ratio', ratio, 0.7),
      ...atMost('peak memory of the ingest function (MB)', memory, 600),
    ],
  };
}

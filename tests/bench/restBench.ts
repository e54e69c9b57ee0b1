import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { apiOf } from '../api.ts';
import type { RunningHeadgate } from '../startHeadgate.ts';
import { atLeast, atMost, type BenchResult, median, perSecond } from './figures.ts';
import { functionMemory } from './functionMemory.ts';
import { runQuietly } from './runQuietly.ts';

const records = 1_000_000;
const perPage = 500;
const rounds = 3;
const leastRatio = 0.6;
const mostMegabytes = 600;
const pages = fileURLToPath(new URL('./restPages.ts', import.meta.url));

/** Of each record; what else there is goes into `other_fields`. */
const columns = [
  ['id', 'string'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
  ['email', 'string'],
  ['name', 'string'],
  ['phone', 'string'],
  ['status', 'string'],
  ['balance', 'long'],
  ['score', 'double'],
  ['orders', 'long'],
  ['delinquent', 'boolean'],
  ['currency', 'string'],
  ['address', 'string'],
  ['tags', 'string'],
  ['metadata', 'string'],
  ['description', 'string'],
].map(([name, type]) => ({ name, type }));

async function startPages(): Promise<AsyncDisposable & { readonly url: string }> {
  const child = spawn(process.execPath, [pages, String(records), String(perPage)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${String(port).trim()}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** The same pages with nothing but `fetch` and `JSON.parse`, one after the other. Seconds. */
async function readPlainly(url: string): Promise<number> {
  const started = performance.now();
  let count = 0;
  for (let page = 1; ; page++) {
    const response = await fetch(`${url}/v1/customers?page=${page}&size=${perPage}`);
    const { data, has_more: more } = JSON.parse(await response.text()) as {
      readonly data: readonly object[];
      readonly has_more: boolean;
    };
    count += data.length;
    if (!more) break;
  }
  if (count !== records) throw new Error(`read ${count} of ${records} records`);
  return (performance.now() - started) / 1000;
}

/** Headgate's whole ingest of an API's list against reading its pages and throwing them away. */
export async function restBench(headgate: RunningHeadgate): Promise<BenchResult> {
  await using server = await startPages();
  const api = apiOf(headgate.url, headgate.token);
  const since = new Date();
  const floors: number[] = [];
  for (let round = 0; round < rounds; round++) floors.push(await readPlainly(server.url));
  await api.call('POST', '/v1/sources', {
    key: 'bench-rest',
    name: 'Bench',
    connector: 'rest_api',
    status: 'paused',
    config: {
      baseUrl: server.url,
      limit: { requests: 10_000, perSeconds: 1 },
      streams: [
        {
          name: 'customers',
          path: '/v1/customers',
          records: 'data',
          paging: { kind: 'page', to: { name: 'page' } },
          pageSize: { to: { name: 'size' }, records: perPage },
          columns,
        },
      ],
    },
    credentials: {},
  });
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const run = await runQuietly(api, 'bench-rest');
    if (run.counts.written !== records)
      throw new Error(`wrote ${run.counts.written} of ${records} rows: ${run.error?.message}`);
    seconds.push((Date.parse(run.finishedAt ?? '') - Date.parse(run.createdAt)) / 1000);
  }
  const memory = await functionMemory(
    headgate.awsEndpoint,
    'headgate-local-ingest-rest_api',
    since,
  );
  const ratio = median(floors) / median(seconds);
  return {
    title: `REST, ${records.toLocaleString('en-US')} records × ${columns.length} columns, pages of ${perPage}, loopback`,
    figures: [
      { what: 'floor: fetch and JSON.parse', value: perSecond(records, median(floors)) },
      { what: 'Headgate, request to commit', value: perSecond(records, median(seconds)) },
      { what: 'ratio to the floor', value: ratio.toFixed(2) },
      { what: 'peak memory of the ingest function', value: `${memory} MB` },
    ],
    missed: [
      ...atLeast('REST ratio', ratio, leastRatio),
      ...atMost('peak memory of the ingest function (MB)', memory, mostMegabytes),
    ],
  };
}

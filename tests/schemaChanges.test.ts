import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, type ApiRun, apiOf } from './api.ts';
import { type HeadgateProcess, startHeadgateProcess } from './headgateProcess.ts';

const token = `hg_${'s'.repeat(43)}`;
const home = mkdtempSync(join(tmpdir(), 'headgate-schema-'));
let headgate: HeadgateProcess;
let api: Api;
beforeAll(async () => {
  headgate = await startHeadgateProcess(home, token);
  api = apiOf(headgate.url, token);
});
afterAll(async () => {
  await headgate?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const make = (key: string, more: Record<string, unknown> = {}): Promise<unknown> =>
  api.call('POST', '/v1/sources', {
    key,
    name: key,
    connector: 'local_files',
    status: 'active',
    ...more,
  });

async function load(key: string, name: string, content: string): Promise<ApiRun> {
  const path = join(mkdtempSync(join(home, 'file-')), name);
  writeFileSync(path, content);
  await api.upload(key, path, false);
  return api.runToEnd(key);
}

type Rows = readonly Record<string, unknown>[];
const rowsOf = async (key: string): Promise<Rows> =>
  (await api.call<{ rows: Rows }>('GET', `/v1/sources/${key}/preview`)).rows.map(
    ({ _run_id, _ingested_at, _source_file, ...row }) => row,
  );
const rejectsOf = async (key: string): Promise<Rows> =>
  (await api.call<{ rows: Rows }>('GET', `/v1/sources/${key}/rejects`)).rows;

it('a contract rejects rows, and they load again once it takes them in', async () => {
  await make('orders', { contract: 'discard_row' });
  await load('orders', 'a.csv', 'id,note\n1,x\n');
  const second = await load('orders', 'b.csv', 'id,note,extra\n2,y,\n3,z,7\n4\n');
  expect(second.counts).toMatchObject({ read: 3, written: 1, rejected: 2 });
  expect(await rowsOf('orders')).toHaveLength(2);
  expect(await rejectsOf('orders')).toMatchObject([
    { row_text: '3,z,7', line: '3', column_name: 'extra' },
    { row_text: '4', line: '4' },
  ]);
  const drift = await api.call<{ drift: Rows }>('GET', `/v1/runs/${second.id}/drift`);
  expect(drift.drift).toMatchObject([
    { stream: 'files', isBreaking: false, added: [{ name: 'extra', isStored: false }] },
  ]);

  await api.call('PATCH', '/v1/sources/orders', { contract: 'evolve' });
  const { runId } = await api.call<{ runId: string }>(
    'POST',
    '/v1/sources/orders/rejects/replay',
    {},
  );
  const replay = await api.finished(runId);
  expect(replay).toMatchObject({
    status: 'succeeded',
    kind: 'replay',
    counts: { read: 2, written: 1, rejected: 1 },
  });
  expect((await rowsOf('orders')).toSorted((a, b) => Number(a['id']) - Number(b['id']))).toEqual([
    { id: '1', note: 'x', extra: null, _unfit: null },
    { id: '2', note: 'y', extra: null, _unfit: null },
    { id: '3', note: 'z', extra: '7', _unfit: null },
  ]);
  expect(await rejectsOf('orders')).toMatchObject([
    { row_text: '4', line: '4', _source_file: 'b.csv', reason: '1 column where 3 are expected' },
  ]);
  const history = await api.call<{ data: Rows }>('GET', '/v1/sources/orders/schema/history');
  expect(history.data.map(({ runId: by }) => by).slice(0, 1)).toEqual([runId]);
  expect(history.data).toHaveLength(2);
});

it('a column that changes its type, or goes, wants attention until somebody has seen it', async () => {
  await make('prices');
  await load('prices', 'a.csv', 'id,amount,note\n1,5,x\n');
  const run = await load('prices', 'b.csv', 'id,amount\n2,free\n');
  const source = await api.call<{ attention: Rows }>('GET', '/v1/sources/prices');
  expect(source.attention).toMatchObject([
    {
      code: 'breaking_drift',
      message: 'files: column note is gone, column amount changed from long to string.',
    },
  ]);
  const drift = await api.call<{ drift: Rows }>('GET', `/v1/runs/${run.id}/drift`);
  expect(drift.drift).toMatchObject([
    { changed: [{ name: 'amount', from: 'long', to: 'string', samples: ['free'] }] },
  ]);
  const path = '/v1/sources/prices/attention/breaking_drift/acknowledge';
  expect(await api.call('POST', path)).toMatchObject({ attention: [] });
});

it('too many rejects fail the commit before it happens', async () => {
  await make('limited', { rules: { maxRejectedRows: 1 } });
  await load('limited', 'a.csv', 'id,note\n1,x\n2\n');
  const run = await load('limited', 'b.csv', 'id,note\n3,x\n4\n5\n');
  expect(run).toMatchObject({ status: 'failed', error: { code: 'too_many_rejects' } });
  expect(await rowsOf('limited')).toHaveLength(1);
  expect(await rejectsOf('limited')).toHaveLength(1);
});

it('a frozen schema fails the run by the columns’ names', async () => {
  await make('frozen', { contract: 'freeze' });
  await load('frozen', 'a.csv', 'id\n1\n');
  const run = await load('frozen', 'b.csv', 'id,more\n2,x\n');
  expect(run).toMatchObject({ status: 'failed', error: { code: 'schema_frozen' } });
  expect(run.error?.message).toContain('more');
  expect(await rowsOf('frozen')).toEqual([{ id: '1', _unfit: null }]);
});

it('a masked value is nowhere: not in the lake, not in the table’s history, not in a log', async () => {
  const secret = 'canary.person@example.com';
  await make('masked', { streams: { files: { masks: { email: 'hash', phone: 'drop' } } } });
  const run = await load(
    'masked',
    'a.jsonl',
    `{"id":1,"email":"${secret}","phone":"${secret}"}\n{"id":2,"email":"${secret}"\n{"id":3,"email":"${secret}"}\n`,
  );
  expect(run.counts).toMatchObject({ read: 3, written: 2, rejected: 1 });
  const rows = await rowsOf('masked');
  expect(rows).toMatchObject([
    { id: '1', email: expect.stringMatching(/^[0-9a-f]{64}$/) },
    { id: '3' },
  ]);
  expect(rows[0]?.['email']).toBe(rows[1]?.['email']);
  expect(rows[0]).not.toHaveProperty('phone');
  expect(await rejectsOf('masked')).toMatchObject([{ row_text: null, line: '2' }]);
  const log = await api.call('GET', `/v1/runs/${run.id}/log`);
  expect(JSON.stringify(log)).not.toContain(secret);
  // The landing bucket has the file itself; nothing else may.
  const found = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/file-') && readFileSync(path).includes(secret));
  expect(found.length).toBe(1);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf } from './api.ts';
import { type LakeTable, lakeReader } from './lakeReader.ts';
import { type RunningHeadgate, startHeadgate } from './startHeadgate.ts';

const token = `hg_${'f'.repeat(43)}`;
const environment = { FAN_OUT_BYTES: '20000', FAN_OUT_FILES: '10', FAN_OUT_CONCURRENCY: '4' };

describe('large work, through all of Headgate', () => {
  let headgate: RunningHeadgate;
  let api: Api;
  const folder = mkdtempSync(join(tmpdir(), 'headgate-large-'));
  beforeAll(async () => {
    headgate = await startHeadgate({ token, environment });
    api = apiOf(headgate.url, token);
  });
  afterAll(async () => {
    await headgate?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const tableOf = (key: string): Promise<LakeTable> =>
    api.call<LakeTable>('GET', `/v1/sources/${key}/tables/files`);
  const addSource = (key: string): Promise<unknown> =>
    api.call('POST', '/v1/sources', {
      key,
      name: key,
      connector: 'local_files',
      status: 'active',
    });

  it('loads one large CSV by its parts', async () => {
    await addSource('large');
    const path = join(folder, 'large.csv');
    const rows = Array.from(
      { length: 4000 },
      (_, n) => `${n},"cell ""${n}""\nof two lines",${n}.5`,
    );
    writeFileSync(path, `id,text,amount\n${rows.join('\n')}\n`);
    await api.upload('large', path, false);
    const run = await api.runToEnd('large');
    expect(run).toMatchObject({ status: 'succeeded', counts: { read: 4000, written: 4000 } });
    const log = await api.call<{ data: readonly { message: string }[] }>(
      'GET',
      `/v1/runs/${run.id}/log`,
    );
    expect(JSON.stringify(log)).toContain('sharing out a stream');
    const sum = await lakeReader(headgate.awsEndpoint).query(
      await tableOf('large'),
      `SELECT count(*) AS rows, count(DISTINCT id) AS ids, sum(amount) AS amount,
         count(*) FILTER (text = 'cell "' || id || E'"\\nof two lines') AS texts FROM t`,
    );
    expect(sum).toMatchObject([{ rows: '4000', ids: '4000', texts: '4000' }]);
  });

  it('loads many files that were dropped at once in one commit', async () => {
    await addSource('many');
    for (let file = 0; file < 25; file++) {
      const path = join(folder, `f${file}.csv`);
      writeFileSync(path, `id,file\n1,${file}\n2,${file}\n`);
      await api.upload('many', path, false);
    }
    const run = await api.runToEnd('many');
    expect(run).toMatchObject({ status: 'succeeded', counts: { written: 50 } });
    const files = await api.allFiles('many');
    expect(files.filter(({ status }) => status === 'loaded')).toHaveLength(25);
    expect((await api.runToEnd('many')).result).toBe('nothing_new');
  });
});

it('goes on after a stop in the middle of units, and loads every row once', async () => {
  const home = mkdtempSync(join(tmpdir(), 'headgate-stopped-'));
  try {
    const options = {
      home,
      token,
      environment,
      recordWritesOf: (sortKey: string) => sortKey.startsWith('UNITS#'),
    };
    const first = await startHeadgate(options);
    const api = apiOf(first.url, token);
    await api.call('POST', '/v1/sources', {
      key: 'stopped',
      name: 'stopped',
      connector: 'local_files',
      status: 'active',
    });
    const path = join(home, 'stopped.csv');
    writeFileSync(
      path,
      `id,text\n${Array.from({ length: 9000 }, (_, n) => `${n},text`).join('\n')}\n`,
    );
    await api.upload('stopped', path, false);
    const { runId } = await api.call<{ runId: string }>('POST', '/v1/sources/stopped/runs', {});
    // Signs of life of units: some are done, and some are not.
    await expect
      .poll(() => [...first.writesOf()].length, { timeout: 60_000, interval: 20 })
      .toBeGreaterThan(4);
    await first.close();
    const second = await startHeadgate(options);
    try {
      const run = await apiOf(second.url, token).finished(runId);
      expect(run).toMatchObject({ status: 'succeeded', counts: { read: 9000, written: 9000 } });
      const table = await apiOf(second.url, token).call<LakeTable>(
        'GET',
        '/v1/sources/stopped/tables/files',
      );
      expect(
        await lakeReader(second.awsEndpoint).query(
          table,
          'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM t',
        ),
      ).toEqual([{ rows: '9000', ids: '9000' }]);
    } finally {
      await second.close();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

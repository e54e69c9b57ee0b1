import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Claimers } from '../../../shared/files/claimers.ts';
import { claimFiles } from '../../../shared/files/claimFiles.ts';
import { failFile } from '../../../shared/files/failFile.ts';
import type { FileItem } from '../../../shared/files/fileItem.ts';
import { listFiles } from '../../../shared/files/files.ts';
import { recordFiles } from '../../../shared/files/recordFiles.ts';
import { newRunId } from '../../../shared/ids.ts';
import { landedFiles } from '../../../shared/ingest/landedFiles.ts';
import { noCounts, type RunItem, runItemKey } from '../../../shared/runs/runItem.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

const claim = (file: FileItem, { runId }: RunItem) =>
  claimFiles(
    home.table,
    { tenant: 't1', sourceId: file.sourceId, runId, token: 1, attempt: 1, seq: 1, at: new Date() },
    new Claimers(home.table, 't1'),
    [{ name: file.name, versionId: file.versionId, to: 'loaded' }],
  );

async function setUp() {
  const { sourceId } = await home.addSource('t1');
  let minute = 0;
  const file = (name: string, change: Partial<FileItem> = {}): FileItem => ({
    v: 1,
    tenant: 't1',
    sourceId,
    name,
    versionId: `v${minute}`,
    key: `landing/t1/${sourceId}/${name}`,
    bytes: 1,
    etag: 'e',
    modifiedAt: new Date(Date.UTC(2026, 2, 1, 12, minute++)).toISOString(),
    replaces: true,
    state: 'pending',
    ...change,
  });
  const run = async (change: Partial<RunItem> = {}): Promise<RunItem> => {
    const item: RunItem = {
      v: 1,
      tenant: 't1',
      sourceId,
      runId: newRunId(sourceId, new Date()),
      connector: 'local_files',
      request: { kind: 'ingest' },
      trigger: 'file',
      requestedBy: 'x',
      status: 'running',
      token: 1,
      committedSeq: 0,
      counts: noCounts,
      streams: {},
      createdAt: new Date().toISOString(),
      gigabyteSeconds: 0,
      stateTransitions: 0,
      ...change,
    };
    await home.table.client.send(
      new PutCommand({
        TableName: home.table.name,
        Item: { ...runItemKey('t1', item.runId), ...item },
      }),
    );
    return item;
  };
  const pending = async (run: RunItem, all = false): Promise<readonly string[]> => {
    const landed = landedFiles({
      table: home.table,
      run,
      all,
      open: async function* () {},
      taken: () => {},
      duplicate: () => {},
    });
    return (await Array.fromAsync(landed.pending())).map(
      ({ name, versionId }) => `${name} ${versionId}`,
    );
  };
  const statuses = async () =>
    (await listFiles(home.table, 't1', sourceId, { limit: 100 })).files.map(
      ({ file: { name, versionId }, status }) => `${name} ${versionId} ${status}`,
    );
  return { sourceId, file, run, pending, statuses };
}

describe('the files a run has to load', () => {
  it('come in order of arrival', async () => {
    const { file, run, pending, sourceId } = await setUp();
    await recordFiles(home.table, 't1', sourceId, [file('b.csv'), file('a.csv'), file('c.csv')]);
    expect(await pending(await run())).toEqual(['b.csv v0', 'a.csv v1', 'c.csv v2']);
  });

  it('do not hold what a committed run loaded, which is settled on the way', async () => {
    const { file, run, pending, statuses, sourceId } = await setUp();
    const [a, b] = [file('a.csv'), file('b.csv')];
    await recordFiles(home.table, 't1', sourceId, [a, b]);
    const before = await run({ status: 'succeeded', committedSeq: 1 });
    await claim(a, before);
    expect(await statuses()).toEqual(['a.csv v0 loaded', 'b.csv v1 pending']);
    expect(await pending(await run())).toEqual(['b.csv v1']);
  });

  it('hold again what a run claimed and did not commit', async () => {
    const { file, run, pending, statuses, sourceId } = await setUp();
    const a = file('a.csv');
    await recordFiles(home.table, 't1', sourceId, [a]);
    const died = await run({ status: 'failed', committedSeq: 0 });
    await claim(a, died);
    expect(await statuses()).toEqual(['a.csv v0 pending']);
    expect(await pending(await run())).toEqual(['a.csv v0']);
  });

  it('hold only the newest version of a name, because its rows replace the others’', async () => {
    const { file, run, pending, statuses, sourceId } = await setUp();
    await recordFiles(home.table, 't1', sourceId, [file('a.csv'), file('a.csv'), file('b.csv')]);
    expect(await pending(await run())).toEqual(['a.csv v1', 'b.csv v2']);
    expect(await statuses()).toContain('a.csv v0 file_deleted');
  });

  it('trust the bucket’s order of versions, and not the order of events', async () => {
    const { file, run, pending, sourceId } = await setUp();
    const newer = file('a.csv', { sequencer: '00B', modifiedAt: '2026-03-01T12:00:00.000Z' });
    const older = file('a.csv', { sequencer: '00A', modifiedAt: '2026-03-01T12:00:00.000Z' });
    await recordFiles(home.table, 't1', sourceId, [newer, older]);
    expect(await pending(await run())).toEqual([`a.csv ${newer.versionId}`]);
  });

  it('hold one of two versions that came in the same instant', async () => {
    const { file, run, pending, sourceId } = await setUp();
    const modifiedAt = '2026-03-01T12:00:00.000Z';
    const both = [file('a.csv', { modifiedAt }), file('a.csv', { modifiedAt })];
    await recordFiles(home.table, 't1', sourceId, both);
    expect(await pending(await run())).toHaveLength(1);
    await recordFiles(home.table, 't1', sourceId, [
      file('a#b.csv', { modifiedAt }),
      file('a', { modifiedAt, versionId: 'a1' }),
      file('a', { modifiedAt, versionId: 'z1' }),
      file('a#c', { modifiedAt, versionId: 'm' }),
    ]);
    expect((await pending(await run(), true)).map((each) => each.split(' ')[0]).sort()).toEqual([
      'a',
      'a#b.csv',
      'a#c',
      'a.csv',
    ]);
  });

  it('hold a file that failed only when a person asks', async () => {
    const { file, run, pending, sourceId } = await setUp();
    const a = file('a.csv');
    await recordFiles(home.table, 't1', sourceId, [a]);
    await failFile(home.table, a, a, { code: 'file_unreadable', message: 'cut off' });
    expect(await pending(await run({ trigger: 'schedule' }))).toEqual([]);
    expect(await pending(await run({ trigger: 'api' }))).toEqual(['a.csv v0']);
  });

  it('are all that are there, newest versions, in a full refresh', async () => {
    const { file, run, pending, sourceId } = await setUp();
    const [a, b] = [file('a.csv'), file('b.csv')];
    await recordFiles(home.table, 't1', sourceId, [a, b]);
    const before = await run({ status: 'succeeded', committedSeq: 1 });
    await claim(a, before);
    expect(await pending(await run(), true)).toEqual(['a.csv v0', 'b.csv v1']);
  });
});

import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeFiles } from '../../../shared/files/changeFiles.ts';
import { everyVersionOf } from '../../../shared/files/files.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
async function newSource(): Promise<string> {
  const { body } = await api.call('createSource', {
    body: { key: `life-${++count}`, name: 'Files', connector: 'local_files', status: 'active' },
  });
  return body.id;
}

/** Promises a place, and fills it. Answers the upload's id. */
async function send(idOrKey: string, name: string, content: string, replace = false) {
  const { body } = await api.call('createUpload', { params: { idOrKey }, body: { name, replace } });
  const form = new FormData();
  for (const [field, value] of Object.entries(body.fields as Record<string, string>))
    form.append(field, value);
  form.append('file', new Blob([content]));
  expect((await fetch(body.url, { method: 'POST', body: form })).ok).toBe(true);
  return body.uploadId as string;
}
const complete = (idOrKey: string, uploadId: string, triggerSync = false) =>
  api.call('completeUpload', { params: { idOrKey, uploadId }, body: { triggerSync } });
async function upload(idOrKey: string, name: string, content: string, replace = false) {
  return complete(idOrKey, await send(idOrKey, name, content, replace));
}
async function filesOf(idOrKey: string) {
  const { body } = await api.call('listFiles', { params: { idOrKey } });
  return body.data as { name: string; status: string; waiting: boolean; versionId: string }[];
}
const stored = (sourceId: string, name: string) =>
  everyVersionOf(api.table, 'default', sourceId, name);
/** As a run leaves it that has loaded, deleted … the file. */
async function becomes(sourceId: string, name: string, change: object): Promise<void> {
  for (const { file, stored: before } of await stored(sourceId, name))
    await changeFiles(api.table, [{ before, after: { ...file, ...change }, waits: false }]);
}

describe('two uploads of one name', () => {
  it('that complete at the same moment become one file, and the other is told', async () => {
    const source = await newSource();
    for (let round = 0; round < 5; round++) {
      const name = `same-${round}.csv`;
      const ids = await Promise.all(
        Array.from({ length: 4 }, (_, n) => send(source, name, `id\n${n}\n`)),
      );
      const answers = await Promise.all(ids.map((id) => complete(source, id)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      expect((await stored(source, name)).length).toBe(1);
    }
  });

  it('each take the place of the one before when they replace', async () => {
    const source = await newSource();
    const ids = await Promise.all(
      Array.from({ length: 4 }, (_, n) => send(source, 'a.csv', `id\n${n}\n`, true)),
    );
    const answers = await Promise.all(ids.map((id) => complete(source, id)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await stored(source, 'a.csv')).toHaveLength(4);
  });

  it('may follow each other once the first is deleted', async () => {
    const source = await newSource();
    await upload(source, 'a.csv', 'id\n1\n');
    await becomes(source, 'a.csv', { state: 'deleted' });
    expect((await upload(source, 'a.csv', 'id\n2\n')).status).toBe(200);
  });
});

it('an upload that was recorded before its answer was lost is completed by asking again', async () => {
  const source = await newSource();
  const id = await send(source, 'a.csv', 'id\n1\n');
  const first = await complete(source, id, true);
  // What the process that died had not come to.
  await api.table.client.send(
    new UpdateCommand({
      TableName: api.table.name,
      Key: { pk: `T#default#S#${source}`, sk: `UPLOAD#${id}` },
      UpdateExpression: 'SET versionId = :none',
      ExpressionAttributeValues: { ':none': null },
    }),
  );
  await api.table.client.send(
    new DeleteCommand({
      TableName: api.table.name,
      Key: { pk: `T#default#S#${source}`, sk: 'LOCK' },
    }),
  );
  const again = await complete(source, id, true);
  expect(again.body.file).toEqual(first.body.file);
  expect((await getLock(api.table, 'default', source))?.fileSeq).toBe(1);
});

describe('a file is loaded again', () => {
  it('when it stays on disk, is loaded, or failed', async () => {
    const source = await newSource();
    for (const [change, again] of [
      [{ state: 'on_disk', parked: true }, undefined],
      [{ state: 'loaded', rows: 1 }, 'reload'],
      [{ state: 'failed', error: { code: 'file_unreadable', message: 'x' } }, undefined],
    ] as const) {
      const name = `2026/${change.state}.csv`;
      await upload(source, name, 'id\n1\n');
      await becomes(source, name, change);
      const answer = await api.call('reloadFile', {
        params: { idOrKey: source, name },
        body: {},
      });
      expect(answer).toMatchObject({ status: 202, body: { file: { name } } });
      const [found] = await stored(source, name);
      expect(found?.file.again).toBe(again);
      expect(found?.file.parked).toBeUndefined();
    }
    const runs = await api.call('listRuns', { params: { idOrKey: source } });
    expect(runs.body.data[0]).toMatchObject({ trigger: 'upload', status: 'queued' });
    expect((await getLock(api.table, 'default', source))?.fileSeq).toBe(3);
  });

  it('although its bytes are loaded, when that is said', async () => {
    const source = await newSource();
    await upload(source, 'a.csv', 'id\n1\n');
    await becomes(source, 'a.csv', {
      state: 'loaded',
      duplicateOf: { name: 'b.csv', versionId: 'v' },
    });
    expect(await filesOf(source)).toMatchObject([{ status: 'loaded', duplicateOf: 'b.csv' }]);
    await api.call('reloadFile', {
      params: { idOrKey: source, name: 'a.csv' },
      body: { force: true },
    });
    expect((await stored(source, 'a.csv'))[0]?.file.again).toBe('force');
  });

  it('only where there is one: else 404, and 409 while a run has it', async () => {
    const source = await newSource();
    const reload = (name: string) =>
      api.call('reloadFile', { params: { idOrKey: source, name }, body: {} });
    expect((await reload('none.csv')).status).toBe(404);
    const { body } = await complete(source, await send(source, 'a.csv', 'id\n1\n'), true);
    await becomes(source, 'a.csv', {
      claim: { runId: body.run.runId, seq: 1, attempt: 1, to: 'loaded' },
    });
    expect(await filesOf(source)).toMatchObject([{ status: 'processing' }]);
    expect(await reload('a.csv')).toMatchObject({
      status: 409,
      body: { code: 'sync_in_progress' },
    });
  });
});

describe('a deleted file', () => {
  it('is restored with its own bytes, also from behind a delete marker', async () => {
    const source = await newSource();
    await upload(source, 'x/a.csv', 'id\n1\n');
    const [before] = await stored(source, 'x/a.csv');
    await becomes(source, 'x/a.csv', { state: 'deleted', rows: 1 });
    const { key: Key = '' } = before?.file ?? {};
    await api.s3Client.send(new DeleteObjectCommand({ Bucket: 'landing', Key }));
    const restore = () => api.call('restoreFile', { params: { idOrKey: source, name: 'x/a.csv' } });
    expect(await restore()).toMatchObject({
      status: 202,
      body: { file: { name: 'x/a.csv', status: 'pending', waiting: true, rows: null } },
    });
    expect(await filesOf(source)).toMatchObject([
      { status: 'pending', versionId: before?.file.versionId },
    ]);
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const object = await api.s3Client.send(new GetObjectCommand({ Bucket: 'landing', Key }));
    expect(await object.Body?.transformToString()).toBe('id\n1\n');
    expect(await restore()).toMatchObject({ status: 409, body: { code: 'file_exists' } });
  });

  it('that S3 has removed for good is not, and that is said', async () => {
    const source = await newSource();
    await upload(source, 'a.csv', 'id\n1\n');
    const [before] = await stored(source, 'a.csv');
    await becomes(source, 'a.csv', { state: 'deleted' });
    const { key: Key = '', versionId: VersionId = '' } = before?.file ?? {};
    await api.s3Client.send(new DeleteObjectCommand({ Bucket: 'landing', Key, VersionId }));
    const answer = await api.call('restoreFile', { params: { idOrKey: source, name: 'a.csv' } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', file: 'a.csv' } });
    expect(answer.body.detail).toContain('removed its bytes for good');
    const never = await api.call('restoreFile', { params: { idOrKey: source, name: 'b.csv' } });
    expect(never.body.detail).toContain('never had such a file');
  });

  it('keeps its name free for one of two that want it at the same moment', async () => {
    const source = await newSource();
    for (let round = 0; round < 5; round++) {
      const name = `r-${round}.csv`;
      await upload(source, name, 'id\n1\n');
      await becomes(source, name, { state: 'deleted' });
      const id = await send(source, name, 'id\n2\n');
      const answers = await Promise.all([
        api.call('restoreFile', { params: { idOrKey: source, name } }),
        complete(source, id),
      ]);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(1);
      const live = (await stored(source, name)).filter(({ file }) => file.state !== 'deleted');
      expect(live).toHaveLength(1);
    }
  });
});

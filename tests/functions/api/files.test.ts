import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getLock } from '../../../shared/runs/lock.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
async function newSource(connector = 'local_files'): Promise<{ id: string; key: string }> {
  count += 1;
  const { body } = await api.call('createSource', {
    body: { key: `files-${count}`, name: 'Files', connector, status: 'active' },
  });
  return body;
}
const ask = (idOrKey: string, body: object) =>
  api.call('createUpload', { params: { idOrKey }, body });

async function post(
  upload: { readonly url: string; readonly fields: Record<string, string> },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append('file', new Blob([bytes]));
  return fetch(upload.url, { method: 'POST', body: form });
}
const text = (content: string) => new TextEncoder().encode(content);

async function upload(
  idOrKey: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  { replace = false, triggerSync = false } = {},
) {
  const { body, status } = await ask(idOrKey, { name, replace });
  expect(status).toBe(201);
  expect((await post(body, bytes)).ok).toBe(true);
  return api.call('completeUpload', {
    params: { idOrKey, uploadId: body.uploadId },
    body: { triggerSync },
  });
}

describe('a single upload', () => {
  it('goes through a presigned POST and waits for the next run', async () => {
    const source = await newSource();
    const done = await upload(source.id, 'orders.csv', text('a,b\n1,2\n'));
    expect(done).toMatchObject({
      status: 200,
      body: { file: { name: 'orders.csv', bytes: 8, status: 'on_disk', rows: null }, run: null },
    });
    const { body: list } = await api.call('listFiles', { params: { idOrKey: source.id } });
    expect(list.data).toEqual([done.body.file]);
    expect((await getLock(api.table, 'default', source.id))?.fileSeq ?? 0).toBe(0);
  });

  it('is loaded at once with triggerSync', async () => {
    const source = await newSource();
    const done = await upload(source.id, 'orders.csv', text('a\n1\n'), { triggerSync: true });
    expect(done.body).toMatchObject({
      file: { status: 'pending' },
      run: { sourceId: source.id, status: 'started' },
    });
    expect(
      (await api.call('getRun', { params: { runId: done.body.run.runId } })).body.trigger,
    ).toBe('upload');
    expect((await getLock(api.table, 'default', source.id))?.fileSeq).toBe(1);
  });

  it('answers the same file when it is completed again', async () => {
    const source = await newSource();
    const { body } = await ask(source.id, { name: 'a.csv' });
    await post(body, text('a\n1\n'));
    const complete = () =>
      api.call('completeUpload', {
        params: { idOrKey: source.id, uploadId: body.uploadId },
        body: {},
      });
    const first = await complete();
    expect((await complete()).body).toEqual(first.body);
  });

  it('refuses a name that is there, unless it replaces it', async () => {
    const source = await newSource();
    await upload(source.id, 'a.csv', text('a\n1\n'));
    expect(await ask(source.id, { name: 'a.csv' })).toMatchObject({
      status: 409,
      body: { code: 'file_exists', file: 'a.csv' },
    });
    const replaced = await upload(source.id, 'a.csv', text('a\n2\n'), { replace: true });
    expect(replaced.status).toBe(200);
  });

  it('refuses the second of two uploads of one name when it completes', async () => {
    const source = await newSource();
    const [one, two] = [
      await ask(source.id, { name: 'a.csv' }),
      await ask(source.id, { name: 'a.csv' }),
    ];
    for (const { body } of [one, two]) await post(body, text('a\n1\n'));
    const complete = (uploadId: string) =>
      api.call('completeUpload', { params: { idOrKey: source.id, uploadId }, body: {} });
    expect((await complete(one.body.uploadId)).status).toBe(200);
    expect((await complete(two.body.uploadId)).status).toBe(409);
  });

  it('refuses more bytes than the limit: when declared with 413, when sent by the policy', async () => {
    const source = await newSource();
    expect(await ask(source.id, { name: 'big.csv', bytes: 1_000_001 })).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large', maxBytes: 1_000_000 },
    });
    const { body } = await ask(source.id, { name: 'big.csv' });
    expect((await post(body, new Uint8Array(1_000_001).fill(97))).ok).toBe(false);
    expect(
      await api.call('completeUpload', {
        params: { idOrKey: source.id, uploadId: body.uploadId },
        body: {},
      }),
    ).toMatchObject({ status: 422, body: { code: 'unprocessable_file' } });
  });

  it('refuses bytes that are not those announced', async () => {
    const source = await newSource();
    const { body } = await ask(source.id, { name: 'a.csv', bytes: 5 });
    await post(body, text('a\n1\n'));
    expect(
      await api.call('completeUpload', {
        params: { idOrKey: source.id, uploadId: body.uploadId },
        body: {},
      }),
    ).toMatchObject({ status: 422 });
  });

  it.each([
    ['a climb', '../a.csv'],
    ['a climb inside', 'x/../a.csv'],
    ['an absolute path', '/a.csv'],
    ['an empty folder', 'x//a.csv'],
    ['a hidden file', '.hidden.csv'],
    ['a backslash', 'x\\a.csv'],
    ['a line break', 'a\nb.csv'],
    ['a reversing character', 'a\u202efdp.csv'],
  ])('refuses %s in a name with 400', async (_, name) => {
    const { id } = await newSource();
    expect(await ask(id, { name })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/name' }] },
    });
  });

  it('refuses endings the connector does not read with 422, and foreign content types with 415', async () => {
    const csv = await newSource('csv_upload');
    expect((await ask(csv.id, { name: 'a.parquet' })).status).toBe(422);
    expect((await ask(csv.id, { name: 'a.csv.gz' })).status).toBe(201);
    const files = await newSource();
    expect((await ask(files.id, { name: 'a.exe' })).status).toBe(422);
    expect((await ask(files.id, { name: 'a.csv', contentType: 'image/png' })).status).toBe(415);
    expect(
      (await ask(files.id, { name: 'a.csv', contentType: 'text/csv; charset=utf-8' })).status,
    ).toBe(201);
    expect((await ask(files.id, { name: 'a.csv', bytes: 0 })).status).toBe(422);
  });

  it.each([
    ['a renamed zip', 'a.parquet', new Uint8Array([0x50, 0x4b, 3, 4, ...Array(60).fill(1)])],
    ['text that calls itself Parquet', 'a.parquet', text('PAR1 but then no end')],
    ['text that calls itself a workbook', 'a.xlsx', text('a,b\n1,2\n')],
    ['text that calls itself gzip', 'a.csv.gz', text('a,b\n1,2\n')],
    ['text that calls itself Zstandard', 'a.csv.zst', text('a,b\n1,2\n')],
    ['a PDF that calls itself CSV', 'a.csv', text('%PDF-1.7 ...')],
    ['a program', 'a.csv', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0])],
    ['NUL bytes', 'a.json', new Uint8Array([123, 0, 0, 0, 0, 1, 2, 125])],
  ])('refuses %s with 422 and forgets its bytes', async (_, name, bytes) => {
    const source = await newSource();
    const done = await upload(source.id, name, bytes as Uint8Array<ArrayBuffer>);
    expect(done).toMatchObject({ status: 422, body: { code: 'unprocessable_file', file: name } });
    const { body } = await api.call('listFiles', { params: { idOrKey: source.id } });
    expect(body.data).toEqual([]);
    expect(
      (await upload(source.id, name.replace('a.', 'b.'), bytes as Uint8Array<ArrayBuffer>)).status,
    ).toBe(422);
  });

  it.each([
    ['UTF-16 with a mark', new Uint8Array([0xff, 0xfe, 97, 0, 44, 0, 98, 0])],
    ['UTF-16 without one', new Uint8Array([97, 0, 44, 0, 98, 0, 10, 0, 49, 0, 44, 0, 50, 0])],
    ['Windows-1252', new Uint8Array([97, 44, 0x80, 10])],
  ])('takes text in %s', async (_, bytes) => {
    const source = await newSource();
    expect((await upload(source.id, 'a.csv', bytes as Uint8Array<ArrayBuffer>)).status).toBe(200);
  });

  it('can be given up, but not once it is a file', async () => {
    const source = await newSource();
    const { body } = await ask(source.id, { name: 'a.csv' });
    await post(body, text('a\n1\n'));
    const params = { idOrKey: source.id, uploadId: body.uploadId };
    expect((await api.call('abortUpload', { params })).status).toBe(204);
    expect((await api.call('completeUpload', { params, body: {} })).status).toBe(422);
    const { body: again } = await ask(source.id, { name: 'a.csv' });
    await post(again, text('a\n1\n'));
    const done = { idOrKey: source.id, uploadId: again.uploadId };
    await api.call('completeUpload', { params: done, body: {} });
    expect((await api.call('abortUpload', { params: done })).status).toBe(404);
  });

  it('answers 404 for unknown sources and uploads, and 409 for an archived source', async () => {
    expect((await ask('nobody', { name: 'a.csv' })).status).toBe(404);
    const source = await newSource();
    expect(
      (
        await api.call('completeUpload', {
          params: { idOrKey: source.id, uploadId: 'x' },
          body: {},
        })
      ).status,
    ).toBe(404);
    await api.call('changeSource', {
      params: { idOrKey: source.id },
      body: { status: 'archived' },
    });
    expect((await ask(source.id, { name: 'a.csv' })).status).toBe(409);
  });
});

describe('an upload in parts', () => {
  it('joins the parts that were sent', async () => {
    const source = await newSource();
    const size = 17 * 1024 ** 2;
    const { body } = await ask(source.id, { name: 'big.csv', bytes: size, multipart: true });
    expect(body).toMatchObject({ method: 'MULTIPART', partBytes: 16 * 1024 ** 2, partCount: 2 });
    const bytes = new Uint8Array(size).fill(97);
    for (const { partNumber, url } of body.parts) {
      const from = (partNumber - 1) * body.partBytes;
      const sent = await fetch(url, {
        method: 'PUT',
        body: bytes.slice(from, from + body.partBytes),
      });
      expect(sent.ok).toBe(true);
    }
    const params = { idOrKey: source.id, uploadId: body.uploadId };
    const done = await api.call('completeUpload', { params, body: {} });
    expect(done).toMatchObject({ status: 200, body: { file: { bytes: size } } });
    expect((await api.call('completeUpload', { params, body: {} })).body).toEqual(done.body);
  });

  it('is planned so that 5 TiB fit, and answers the addresses in pages', async () => {
    const source = await newSource();
    const { body } = await ask(source.id, {
      name: 'huge.csv',
      bytes: 5 * 1024 ** 4,
      multipart: true,
    });
    expect(body.partCount).toBeLessThanOrEqual(10_000);
    expect(body.partCount * body.partBytes).toBeGreaterThanOrEqual(5 * 1024 ** 4);
    expect(body.parts).toHaveLength(100);
    const more = await api.call('getUploadParts', {
      params: { idOrKey: source.id, uploadId: body.uploadId },
      query: { from: String(body.partCount - 1) },
    });
    expect(more.body.parts.map((part: { partNumber: number }) => part.partNumber)).toEqual([
      body.partCount - 1,
      body.partCount,
    ]);
  });

  it('needs its size and has a limit', async () => {
    const source = await newSource();
    expect((await ask(source.id, { name: 'a.csv', multipart: true })).status).toBe(400);
    expect(
      (await ask(source.id, { name: 'a.csv', multipart: true, bytes: 5 * 1024 ** 4 + 1 })).status,
    ).toBe(413);
  });
});

describe('files', () => {
  it('are listed by name in pages', async () => {
    const source = await newSource();
    for (const name of ['c.csv', 'a.csv', 'x/b.csv']) await upload(source.id, name, text('a\n1\n'));
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await api.call('listFiles', {
        params: { idOrKey: source.id },
        query: { limit: '2', ...(cursor === null ? {} : { cursor }) },
      });
      names.push(...page.body.data.map((file: { name: string }) => file.name));
      cursor = page.body.pagination.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(['a.csv', 'c.csv', 'x/b.csv']);
    const { body } = await api.call('listFiles', {
      params: { idOrKey: source.id },
      query: { status: 'loaded' },
    });
    expect(body.data).toEqual([]);
  });

  it('are deleted with their rows by a run', async () => {
    const source = await newSource();
    await upload(source.id, 'x/b.csv', text('a\n1\n'));
    const params = { idOrKey: source.id, name: 'x/b.csv' };
    const deleted = await api.call('deleteFile', { params });
    expect(deleted).toMatchObject({ status: 202, body: { status: 'started' } });
    const { body: run } = await api.call('getRun', { params: { runId: deleted.body.runId } });
    expect(run.kind).toBe('file_delete');
    expect((await api.call('deleteFile', { params: { ...params, name: 'none.csv' } })).status).toBe(
      404,
    );
  });
});

describe('an upload that makes its source', () => {
  it('answers 201 with an active source and where the bytes go', async () => {
    const made = await api.call('uploadNewSource', {
      body: {
        name: 'Vendors Q1 (Zürich)',
        description: 'From finance',
        file: { name: 'vendors.csv' },
      },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        source: {
          key: 'vendors-q1-zurich',
          connector: 'csv_upload',
          status: 'active',
          recordCount: 0,
        },
        upload: { method: 'POST', name: 'vendors.csv' },
      },
    });
    await post(made.body.upload, text('a\n1\n'));
    const done = await api.call('completeUpload', {
      params: { idOrKey: made.body.source.id, uploadId: made.body.upload.uploadId },
      body: { triggerSync: true },
    });
    expect(done.body.run.status).toBe('started');
  });

  it('makes another key for the same name, and refuses a key that was asked for', async () => {
    const make = (change: object) =>
      api.call('uploadNewSource', { body: { name: 'Twice', file: { name: 'a.json' }, ...change } });
    const [one, two] = [await make({}), await make({})];
    expect(one.body.source).toMatchObject({ key: 'twice', connector: 'local_files' });
    expect(two.body.source.key).toMatch(/^twice-/);
    expect((await make({ key: 'twice' })).status).toBe(409);
  });

  it('answers 422 for a missing name and for what is no data file, and makes nothing', async () => {
    const before = (await api.call('listSources')).body.pagination.total;
    expect(await api.call('uploadNewSource', { body: { file: { name: 'a.csv' } } })).toMatchObject({
      status: 422,
      body: { code: 'name_missing', errors: [{ pointer: '#/name' }] },
    });
    expect(
      await api.call('uploadNewSource', { body: { name: 'x', file: { name: 'a.pdf' } } }),
    ).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/file/name' }] } });
    expect(
      (
        await api.call('uploadNewSource', {
          body: { name: 'x', file: { name: 'a.csv', bytes: 2e6 } },
        })
      ).status,
    ).toBe(413);
    expect((await api.call('listSources')).body.pagination.total).toBe(before);
  });
});

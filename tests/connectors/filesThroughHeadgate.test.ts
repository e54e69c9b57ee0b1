import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../shared/json.ts';
import type { Api } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { startAzureBlob } from '../simulators/azureBlob.ts';
import { shiftedClock } from '../simulators/clock.ts';
import { startFileServer } from '../simulators/fileServer.ts';
import { makeGoogleAccount, startGcs } from '../simulators/gcs.ts';
import { startGoogleSheets } from '../simulators/googleSheets.ts';
import { type S3Front, startS3Front } from '../simulators/s3Front.ts';
import { sshdMissing, startSshd } from '../sshd.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { type Watch, watchHeadgate } from '../watchHeadgate.ts';

/** A place of files as Headgate sees it, and how a test changes it. */
interface Subject {
  readonly connector: string;
  readonly config: Readonly<Record<string, Json>>;
  readonly credentials: Readonly<Record<string, Json>>;
  put(name: string, content: string): Promise<void>;
  remove(name: string): Promise<void>;
}

let headgate: RunningHeadgate;
let watch: Watch;
let api: Api;
let s3: S3Front;
const azure = await startAzureBlob();
const clock = shiftedClock();
const account = makeGoogleAccount(clock);
const gcs = await startGcs(clock, account);
const sheets = await startGoogleSheets(clock, account);
const web = await startFileServer();
const webToken = 'web/canary+token=0b71';
web.key = `Bearer ${webToken}`;
const noSshd = sshdMissing();
if (noSshd !== null)
  it('does without SSH, which is not here', () => {
    console.log(`sftp_csv was not run through Headgate: ${noSshd}`);
  });
const sshd = noSshd === null ? await startSshd() : null;

const openS3 = async (Bucket: string): Promise<Subject> => {
  const client = new S3Client({
    ...localClientConfig,
    endpoint: headgate.awsEndpoint,
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    connector: 's3_csv',
    config: { bucket: Bucket, prefix: 'in/', endpoint: s3.url, removed: 'delete' },
    credentials: { ...s3.keys },
    put: async (name, Body) => {
      await client.send(new PutObjectCommand({ Bucket, Key: `in/${name}`, Body }));
    },
    remove: async (name) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: `in/${name}` }));
    },
  };
};

const subjects: Record<string, () => Promise<Subject>> = {
  s3_csv: () => openS3('somewhere-else'),
  azure_blob_csv: async () => {
    await azure.makeContainer('box');
    return {
      connector: 'azure_blob_csv',
      config: { container: 'box', prefix: 'in/', removed: 'delete' },
      credentials: { sasUrl: azure.sasUrl('box') },
      put: (name, content) => azure.put('box', `in/${name}`, content),
      remove: (name) => azure.remove('box', `in/${name}`),
    };
  },
  gcs_csv: async () => {
    gcs.makeBucket('bucket');
    return {
      connector: 'gcs_csv',
      config: { bucket: 'bucket', prefix: 'in/', removed: 'delete' },
      credentials: { serviceAccount: gcs.serviceAccount },
      put: async (name, content) => gcs.put('bucket', `in/${name}`, content),
      remove: async (name) => gcs.remove('bucket', `in/${name}`),
    };
  },
  ...(sshd === null
    ? {}
    : {
        sftp_csv: async (): Promise<Subject> => ({
          connector: 'sftp_csv',
          config: {
            host: '127.0.0.1',
            port: sshd.port,
            hostKeyFingerprint: sshd.fingerprint,
            removed: 'delete',
          },
          credentials: { username: sshd.username, privateKey: sshd.keys.plain },
          put: (name, content) => sshd.put(name, content),
          remove: (name) => sshd.remove(name),
        }),
      }),
};

beforeAll(async () => {
  headgate = await startHeadgate({
    environment: { FAN_OUT_BYTES: '20000', FAN_OUT_FILES: '10', FAN_OUT_CONCURRENCY: '4' },
    functionEnvironment: {
      VENDOR_ORIGINS: JSON.stringify({ ...sheets.origins, ...gcs.origins }),
    },
  });
  s3 = await startS3Front(headgate.awsEndpoint);
  watch = await watchHeadgate(headgate);
  api = watch.api;
});
afterAll(async () => {
  await watch?.[Symbol.asyncDispose]();
  await headgate?.[Symbol.asyncDispose]();
  for (const each of [s3, azure, gcs, sheets, web, sshd]) await each?.[Symbol.asyncDispose]();
});

const rowsOf = async (key: string): Promise<readonly string[]> => {
  const table = await api.call<LakeTable>('GET', `/v1/sources/${key}/tables/files`);
  const rows = await lakeReader(headgate.awsEndpoint).query(
    table,
    `select id::varchar || ' ' || text || ' ' || regexp_replace(_source_file, '^.*/', '') as row
     from t order by id, text`,
  );
  return rows.map(({ row }) => String(row));
};

for (const [name, open] of Object.entries(subjects))
  describe(`${name} through Headgate`, () => {
    let subject: Subject;
    const run = (request = {}) => api.runToEnd(name, request);
    beforeAll(async () => {
      subject = await open();
      await subject.put('a.csv', 'id,text\n1,one\n2,"two, and a half"\n');
      await subject.put('b.jsonl', '{"id":3,"text":"three"}\n{"id":4,"text":"four"}\n');
    });

    it('becomes a table that holds what the files hold', async () => {
      await api.call('POST', '/v1/sources', {
        key: name,
        name,
        connector: subject.connector,
        config: subject.config,
        credentials: subject.credentials,
        status: 'active',
      });
      expect(await run()).toMatchObject({
        status: 'succeeded',
        result: 'loaded',
        error: null,
        counts: { read: 4, written: 4, rejected: 0 },
      });
      expect(await rowsOf(name)).toEqual([
        '1 one a.csv',
        '2 two, and a half a.csv',
        '3 three b.jsonl',
        '4 four b.jsonl',
      ]);
      const preview = await api.call<{ total: number; rows: object[] }>(
        'GET',
        `/v1/sources/${name}/preview?stream=files`,
      );
      expect(preview).toMatchObject({ total: 4 });
      expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
    });

    it('takes what is new, and exchanges the rows of what changed', async () => {
      await subject.put('c.csv', 'id,text\n5,five\n');
      await subject.put('a.csv', 'id,text\n1,ONE\n');
      expect(await run()).toMatchObject({ status: 'succeeded', counts: { read: 2, written: 2 } });
      expect(await rowsOf(name)).toEqual([
        '1 ONE a.csv',
        '3 three b.jsonl',
        '4 four b.jsonl',
        '5 five c.csv',
      ]);
    });

    it('lets rows of removed files go', async () => {
      await subject.remove('b.jsonl');
      expect(await run()).toMatchObject({ status: 'succeeded', counts: { read: 0 } });
      expect(await rowsOf(name)).toEqual(['1 ONE a.csv', '5 five c.csv']);
      expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
    });
  });

describe('files elsewhere, whatever they are', () => {
  let subject: Subject;
  const name = 'thorough';
  const run = (request = {}) => api.runToEnd(name, request);
  beforeAll(async () => {
    subject = await openS3('whatever');
    await subject.put('a.csv', 'id,text\n1,ONE\n');
    await api.call('POST', '/v1/sources', {
      key: name,
      name,
      connector: subject.connector,
      config: subject.config,
      credentials: subject.credentials,
      status: 'active',
    });
  });

  it('fails a file that cannot be read alone, and takes it once it can', async () => {
    await subject.put('d.parquet', 'no Parquet at all, whatever its name says');
    await subject.put('e.csv', 'id,text\n6,six\n');
    const partial = await run();
    expect(partial).toMatchObject({ status: 'partial', counts: { read: 2, written: 2 } });
    expect(JSON.stringify(partial)).toContain('d.parquet');
    // It is tried again, and nothing else is.
    const again = await run();
    expect(again.status).not.toBe('succeeded');
    await subject.put('d.parquet', '');
    expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
  });

  it('shares out a large file, and many files', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => `${100 + n},"cell ""${n}"""`);
    await subject.put('large.csv', `id,text\n${rows.join('\n')}\n`);
    const large = await run();
    expect(large).toMatchObject({ status: 'succeeded', counts: { read: 3000, written: 3000 } });
    for (let file = 0; file < 12; file += 1)
      await subject.put(`many${file}.csv`, `id,text\n${10_000 + file},many\n`);
    const many = await run();
    expect(many).toMatchObject({ status: 'succeeded', counts: { read: 12, written: 12 } });
    for (const { id } of [large, many])
      expect(JSON.stringify(await api.call('GET', `/v1/runs/${id}/log`))).toContain(
        'sharing out a stream',
      );
    const all = await rowsOf(name);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(3014);
    expect(all).toContain('3099 cell "2999" large.csv');
    expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
  });

  it('reads all files again in a full refresh', async () => {
    const before = await rowsOf(name);
    const refreshed = await run({ mode: 'full_refresh' });
    expect(refreshed).toMatchObject({ status: 'succeeded', counts: { read: before.length } });
    expect(await rowsOf(name)).toEqual(before);
  });
});

describe('csv_url through Headgate', () => {
  it('becomes a table, and exchanges the rows of an address whose file changed', async () => {
    web.put('/a.csv', 'id,text\n1,one\n');
    web.put('/b.csv', 'id,text\n2,two\n', 'nothing');
    await api.call('POST', '/v1/sources', {
      key: 'csv_url',
      name: 'csv_url',
      connector: 'csv_url',
      config: { urls: [`${web.url}/a.csv`, `${web.url}/b.csv`] },
      credentials: { token: webToken },
      status: 'active',
    });
    expect(await api.runToEnd('csv_url')).toMatchObject({ status: 'succeeded', error: null });
    expect(await rowsOf('csv_url')).toEqual(['1 one a.csv', '2 two b.csv']);
    expect(await api.runToEnd('csv_url')).toMatchObject({ result: 'nothing_new' });
    web.put('/b.csv', 'id,text\n2,TWO\n3,three\n', 'nothing');
    expect(await api.runToEnd('csv_url')).toMatchObject({
      status: 'succeeded',
      counts: { read: 2, written: 2 },
    });
    expect(await rowsOf('csv_url')).toEqual(['1 one a.csv', '2 TWO b.csv', '3 three b.csv']);
    const preview = await api.call('GET', '/v1/sources/csv_url/preview?stream=files');
    expect(preview).toMatchObject({ total: 3 });
  });
});

for (const connector of ['csv_upload', 'local_files'])
  describe(`${connector} through Headgate`, () => {
    it('becomes a table that holds what was uploaded, each file once', async () => {
      await api.call('POST', '/v1/sources', {
        key: connector,
        name: connector,
        connector,
        status: 'active',
      });
      const folder = mkdtempSync(join(tmpdir(), 'headgate-uploads-'));
      const upload = (name: string, content: string): Promise<void> => {
        writeFileSync(join(folder, name), content);
        return api.upload(connector, join(folder, name), false);
      };
      await upload('a.csv', 'id,text\n1,one\n2,"two, and a half"\n');
      await upload('b.csv', 'id,text\n3,three\n');
      expect(await api.runToEnd(connector)).toMatchObject({
        status: 'succeeded',
        counts: { read: 3, written: 3 },
      });
      expect(await rowsOf(connector)).toEqual([
        '1 one a.csv',
        '2 two, and a half a.csv',
        '3 three b.csv',
      ]);
      const preview = await api.call('GET', `/v1/sources/${connector}/preview?stream=files`);
      expect(preview).toMatchObject({ total: 3 });
      expect(await api.runToEnd(connector)).toMatchObject({ result: 'nothing_new' });
      rmSync(folder, { recursive: true });
    });
  });

describe('google_sheets through Headgate', () => {
  it('becomes a table for its tab, and follows what changes', async () => {
    const rows = [
      ['id', 'name', 'day'],
      [1, 'Ada', 46_053],
      [2, 'Bo', 46_054],
      [3, 'Cy', null],
    ];
    const grid = { rows: 100, columns: 10 };
    sheets.addTab({ title: 'People', rows, formats: [undefined, undefined, 'DATE'], grid });
    await api.call('POST', '/v1/sources', {
      key: 'google_sheets',
      name: 'google_sheets',
      connector: 'google_sheets',
      config: { spreadsheet: sheets.id },
      credentials: { serviceAccount: account.json },
      syncMode: 'incremental',
      status: 'active',
    });
    const people = async () => {
      const table = await api.call<LakeTable>('GET', '/v1/sources/google_sheets/tables/People');
      return lakeReader(headgate.awsEndpoint).query(
        table,
        `select _row_number::int as row, id::int as id, name, day::varchar as day from t
         where coalesce(_deleted, false) = false order by 1`,
      );
    };
    expect(await api.runToEnd('google_sheets')).toMatchObject({
      status: 'succeeded',
      error: null,
      counts: { read: 3, written: 3 },
    });
    expect(await people()).toEqual([
      { row: 2, id: 1, name: 'Ada', day: '2026-01-31' },
      { row: 3, id: 2, name: 'Bo', day: '2026-02-01' },
      { row: 4, id: 3, name: 'Cy', day: null },
    ]);
    expect(await api.runToEnd('google_sheets')).toMatchObject({ result: 'nothing_new' });
    rows[1] = [1, 'Ada Lovelace', 46_053];
    rows.pop();
    sheets.changed();
    expect(await api.runToEnd('google_sheets')).toMatchObject({ status: 'succeeded' });
    expect(await people()).toEqual([
      { row: 2, id: 1, name: 'Ada Lovelace', day: '2026-01-31' },
      { row: 3, id: 2, name: 'Bo', day: '2026-02-01' },
    ]);
    const preview = await api.call(
      'GET',
      '/v1/sources/google_sheets/preview?stream=People&limit=5',
    );
    expect(JSON.stringify(preview)).toContain('Ada Lovelace');
    expect([...sheets.problems, ...gcs.problems]).toEqual([]);
  });
});

it('keeps every credential and token to itself, also of runs whose place refuses, and tells what it was asked', async () => {
  s3.echo(400);
  azure.refusal = { status: 403, code: 'AuthenticationFailed', echo: true };
  web.echo = 400;
  for (const simulator of [gcs, sheets])
    simulator.fail({ kind: 'echo', status: 400, deep: true }, 1000);
  const keys = ['csv_url', 'google_sheets', 'thorough', ...Object.keys(subjects)];
  if (sshd !== null)
    await api.call('PUT', '/v1/sources/sftp_csv/credentials?verify=false', {
      credentials: { username: sshd.username, privateKey: sshd.keys.unknown },
    });
  let failed = '';
  await Promise.all(
    keys.map(async (key) => {
      const run = await api.runToEnd(key);
      expect(run, key).toMatchObject({ status: 'failed', error: { code: expect.any(String) } });
      failed = run.id;
      const tested = await api.call('POST', `/v1/sources/${key}/test`);
      expect(tested, key).toMatchObject({ ok: false });
    }),
  );
  const secrets = [
    s3.keys.secretAccessKey,
    s3.keys.sessionToken,
    String(new URL(azure.sasUrl('box')).searchParams.get('sig')),
    String((JSON.parse(account.json) as { private_key: string }).private_key),
    ...account.oauth.issued,
    webToken,
    ...(sshd === null ? [] : [sshd.keys.plain, sshd.keys.unknown]),
  ];
  expect(await watch.findLeaks(secrets, failed)).toEqual([]);
}, 240_000);

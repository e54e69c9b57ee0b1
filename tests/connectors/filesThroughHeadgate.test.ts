import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../shared/json.ts';
import { type Api, apiOf } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';

/** A place of files as Headgate sees it, and how a test changes it. */
interface Subject {
  readonly connector: string;
  readonly config: Readonly<Record<string, Json>>;
  readonly credentials: Readonly<Record<string, Json>>;
  put(name: string, content: string): Promise<void>;
  /** Absent where files cannot be removed. */
  readonly remove?: (name: string) => Promise<void>;
}

let headgate: RunningHeadgate;
let api: Api;
const subjects: Record<string, () => Promise<Subject>> = {
  s3_csv: async () => {
    const client = new S3Client({
      ...localClientConfig,
      endpoint: headgate.awsEndpoint,
      forcePathStyle: true,
    });
    const Bucket = 'somewhere-else';
    await client.send(new CreateBucketCommand({ Bucket }));
    return {
      connector: 's3_csv',
      config: { bucket: Bucket, prefix: 'in/', endpoint: headgate.awsEndpoint, removed: 'delete' },
      credentials: { accessKeyId: 'headgate', secretAccessKey: 'headgate' },
      put: async (name, Body) => {
        await client.send(new PutObjectCommand({ Bucket, Key: `in/${name}`, Body }));
      },
      remove: async (name) => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: `in/${name}` }));
      },
    };
  },
};

beforeAll(async () => {
  headgate = await startHeadgate({
    environment: { FAN_OUT_BYTES: '20000', FAN_OUT_FILES: '10', FAN_OUT_CONCURRENCY: '4' },
  });
  api = apiOf(headgate.url, headgate.token);
}, 120_000);
afterAll(async () => {
  await headgate?.[Symbol.asyncDispose]();
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
    }, 60_000);

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
    }, 60_000);

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
    }, 60_000);

    it('fails a file that cannot be read alone, and takes it once it can', async () => {
      await subject.put('d.parquet', 'no Parquet at all, whatever its name says');
      await subject.put('e.csv', 'id,text\n6,six\n');
      const partial = await run();
      expect(partial).toMatchObject({ status: 'partial', counts: { read: 1, written: 1 } });
      expect(JSON.stringify(partial)).toContain('d.parquet');
      // It is tried again, and nothing else is.
      const again = await run();
      expect(again.status).not.toBe('succeeded');
      await subject.put('d.parquet', '');
      expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
    }, 60_000);

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
      expect(all).toHaveLength(3017);
      expect(all).toContain('3099 cell "2999" large.csv');
      expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
    }, 90_000);

    it('lets rows of removed files go', async () => {
      if (subject.remove === undefined) return;
      await subject.remove('large.csv');
      await subject.remove('b.jsonl');
      expect(await run()).toMatchObject({ status: 'succeeded', counts: { read: 0 } });
      const left = await rowsOf(name);
      expect(left).toHaveLength(15);
      expect(left.join()).not.toMatch(/large|jsonl/);
      expect(await run()).toMatchObject({ status: 'succeeded', result: 'nothing_new' });
    }, 60_000);

    it('reads all files again in a full refresh', async () => {
      const before = await rowsOf(name);
      const refreshed = await run({ mode: 'full_refresh' });
      expect(refreshed).toMatchObject({ status: 'succeeded', counts: { read: before.length } });
      expect(await rowsOf(name)).toEqual(before);
    }, 60_000);
  });

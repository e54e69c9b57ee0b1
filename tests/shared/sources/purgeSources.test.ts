import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openS3 } from '../../../local/s3/openS3.ts';
import { fileItemKey } from '../../../shared/files/fileItem.ts';
import { newRunId, newSourceId } from '../../../shared/ids.ts';
import { createLog } from '../../../shared/log.ts';
import { stagedKey } from '../../../shared/runs/ingestProtocol.ts';
import { runLogPrefix } from '../../../shared/runs/runLog.ts';
import { duePurges, getPurge, purgeLater } from '../../../shared/sources/purgeItem.ts';
import { lakePrefixes, purgeSources } from '../../../shared/sources/purgeSources.ts';
import { transact } from '../../../shared/transact.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { hostServices, localClientConfig } from '../../local/hostServices.ts';

const minute = 60_000;
const never = new AbortController().signal;

let folder: string;
let host: Awaited<ReturnType<typeof hostServices>>;
let home: HeadgateTable;
let s3: S3Client;
let round = 0;
let buckets: { readonly landingBucket: string; readonly lakeBucket: string };
let clock: number;
let lines: Record<string, unknown>[];
const log = createLog((line) => lines.push(JSON.parse(line)));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-purge-'));
  host = await hostServices(openS3({ folder }));
  s3 = new S3Client({ ...localClientConfig, endpoint: host.endpoint, forcePathStyle: true });
});
afterAll(async () => {
  s3.destroy();
  await host.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  home = await headgateTable();
  round += 1;
  buckets = { landingBucket: `landing-${round}`, lakeBucket: `lake-${round}` };
  for (const Bucket of Object.values(buckets)) await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(
    new PutBucketVersioningCommand({
      Bucket: buckets.landingBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  clock = Date.parse('2026-11-21T10:00:00.000Z');
  lines = [];
});
afterEach(() => home[Symbol.asyncDispose]());

const purge = (client = s3, signal = never) =>
  purgeSources(
    { table: home.table, s3: client, ...buckets, now: () => new Date(clock) },
    log,
    signal,
  );
const put = (Bucket: string, Key: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

/** Every version and delete marker of a bucket. */
async function versionsIn(Bucket: string): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket }),
  );
  return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key).sort();
}
const everything = async () => [
  ...(await versionsIn(buckets.landingBucket)),
  ...(await versionsIn(buckets.lakeBucket)),
];

/** What a source leaves: several versions and a delete marker among it, and an item. Answers the keys. */
async function fill(tenant: string, sourceId: string): Promise<readonly string[]> {
  const runId = newRunId(sourceId, new Date(clock));
  const landed = [
    `landing/${tenant}/${sourceId}/orders.csv`,
    `landing/${tenant}/${sourceId}/a folder/ä+b &<"'>%41.csv`,
    `_uploads/${tenant}/${sourceId}/u1/orders.csv`,
  ];
  const inLake = [
    `lake/data/${tenant}/${sourceId}/orders/${runId}/a1/0.parquet`,
    `lake/data/${tenant}/${sourceId}/orders__rejects/${runId}/a1/0.parquet`,
    `lake/metadata/${tenant}/${sourceId}/orders/1.metadata.json`,
    stagedKey(tenant, runId, 1),
    `${runLogPrefix(tenant, runId)}1.ndjson`,
  ];
  for (const key of landed) await put(buckets.landingBucket, key);
  for (const key of inLake) await put(buckets.lakeBucket, key);
  const [again = ''] = landed;
  await put(buckets.landingBucket, again);
  await s3.send(new DeleteObjectCommand({ Bucket: buckets.landingBucket, Key: again }));
  await home.table.client.send(
    new PutCommand({
      TableName: home.table.name,
      Item: { ...fileItemKey(tenant, sourceId, 'orders.csv', 'v'), v: 1 },
    }),
  );
  return [...landed, again, again, ...inLake].sort();
}
const remember = (tenant: string, sourceId: string) =>
  transact(home.table, [purgeLater(home.table, tenant, sourceId, new Date(clock))]);
const itemsOf = async (tenant: string, sourceId: string) =>
  (
    await home.table.client.send(
      new QueryCommand({
        TableName: home.table.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': fileItemKey(tenant, sourceId, '', '').pk },
      }),
    )
  ).Items?.length;
async function deleted(tenant: string): Promise<string> {
  const sourceId = newSourceId(new Date(clock));
  await fill(tenant, sourceId);
  await remember(tenant, sourceId);
  return sourceId;
}
const dueNow = async () => {
  const due: string[] = [];
  for await (const { sourceId } of duePurges(home.table, new Date(clock))) due.push(sourceId);
  return due;
};

describe('the data of a deleted source', () => {
  it('stays for 20 minutes, then goes with every version, and its note after a last look', async () => {
    const sourceId = await deleted('acme');
    const all = await everything();
    expect(all.length).toBe(10);
    clock += 20 * minute - 1;
    expect(await purge()).toEqual({ finished: 0, unfinished: 0, failed: 0, removed: 0 });
    expect(await everything()).toEqual(all);
    clock += 2;
    expect(await purge()).toEqual({ finished: 0, unfinished: 1, failed: 0, removed: 10 });
    expect(await everything()).toEqual([]);
    expect(await itemsOf('acme', sourceId)).toBe(0);
    // A presigned address outlived the source.
    clock += 39 * minute;
    await put(buckets.landingBucket, `_uploads/acme/${sourceId}/u2/late.csv`);
    expect(await dueNow()).toEqual([]);
    clock += 61 * minute;
    expect(await purge()).toEqual({ finished: 1, unfinished: 0, failed: 0, removed: 1 });
    expect(await everything()).toEqual([]);
    expect(await getPurge(home.table, { tenant: 'acme', sourceId })).toBeNull();
    clock += 24 * 60 * minute;
    expect(await dueNow()).toEqual([]);
  });

  it('is all that goes: not what another tenant or a source with a similar id has', async () => {
    const sourceId = await deleted('acme');
    const others = (
      await Promise.all([
        fill('acme2', sourceId),
        fill('acm', sourceId),
        fill('acme', `${sourceId}x`),
        fill('acme', sourceId.slice(0, -1)),
        fill('acme', newSourceId(new Date(clock))),
      ])
    ).flat();
    clock += 3 * 60 * minute;
    expect(await purge()).toMatchObject({ finished: 1, removed: 10 });
    expect([...(await everything())].sort()).toEqual([...others].sort());
    expect(await itemsOf('acme2', sourceId)).toBe(1);
    expect(await itemsOf('acme', `${sourceId}x`)).toBe(1);
  });

  it('goes on where a crash between batches left it', async () => {
    await deleted('acme');
    clock += 3 * 60 * minute;
    const dying = new AbortController();
    const client = new S3Client({
      ...localClientConfig,
      endpoint: host.endpoint,
      forcePathStyle: true,
    });
    client.middlewareStack.add(
      (next) => async (call) => {
        const input = call.input as { readonly Prefix?: string };
        const pages = input.Prefix === undefined ? input : { ...input, MaxKeys: 3 };
        const answer = await next({ ...call, input: pages });
        if ('Delete' in input) dying.abort();
        return answer;
      },
      { step: 'initialize' },
    );
    expect(await purge(client, dying.signal)).toMatchObject({ finished: 0, unfinished: 1 });
    expect(await everything()).toHaveLength(7);
    clock += 1;
    expect(await purge()).toMatchObject({ finished: 1, removed: 7 });
    expect(await everything()).toEqual([]);
    client.destroy();
  });

  it('of others goes when S3 refuses that of one, which is tried again later', async () => {
    const refusedId = await deleted('acme');
    clock += 1;
    await deleted('other');
    clock += 3 * 60 * minute;
    const client = new S3Client({
      ...localClientConfig,
      endpoint: host.endpoint,
      forcePathStyle: true,
    });
    let refusals = 0;
    client.middlewareStack.add(
      (next) => async (call) => {
        const { Prefix } = call.input as { readonly Prefix?: string };
        if (Prefix?.includes(refusedId)) {
          refusals += 1;
          throw Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
        }
        return next(call);
      },
      { step: 'initialize' },
    );
    expect(await purge(client)).toEqual({ finished: 1, unfinished: 0, failed: 1, removed: 10 });
    expect(refusals).toBe(1);
    expect((await everything()).every((key) => key.includes(refusedId))).toBe(true);
    expect(lines).toMatchObject([
      { level: 'error', code: 'purge_failed', tenant: 'acme', sourceId: refusedId },
    ]);
    clock += 14 * minute;
    expect(await dueNow()).toEqual([]);
    clock += 2 * minute;
    expect(await purge()).toMatchObject({ finished: 1 });
    expect(await everything()).toEqual([]);
    client.destroy();
  });

  it('counts as not removed when S3 answers with an error for some of it', async () => {
    const sourceId = await deleted('acme');
    const refusing = new S3Client({ region: 'us-east-1' });
    const mock = mockClient(refusing);
    const Key = `landing/acme/${sourceId}/a.csv`;
    mock.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key, VersionId: 'v1' }] });
    mock.on(DeleteObjectsCommand).resolves({ Errors: [{ Key, Code: 'AccessDenied' }] });
    clock += 3 * 60 * minute;
    expect(await purge(refusing)).toMatchObject({ finished: 0, failed: 1, removed: 0 });
    expect(JSON.stringify(lines)).toContain('AccessDenied');
    expect(await getPurge(home.table, { tenant: 'acme', sourceId })).not.toBeNull();
  });

  it('goes whatever its files are called', async () => {
    const sourceId = await deleted('acme');
    for (const name of ['\u0001\u007f.csv', 'line\r\nend.csv', '\uFFFE', '😀 +%2B.csv', '..%2f'])
      await put(buckets.landingBucket, `landing/acme/${sourceId}/${name}`);
    clock += 3 * 60 * minute;
    expect(await purge()).toMatchObject({ finished: 1, removed: 15 });
    expect(await everything()).toEqual([]);
  });

  it('is left alone while a source of that id is there', async () => {
    const { sourceId } = await home.addSource('acme');
    await fill('acme', sourceId);
    await remember('acme', sourceId);
    clock += 3 * 60 * minute;
    expect(await purge()).toMatchObject({ finished: 0, failed: 1, removed: 0 });
    expect(await everything()).toHaveLength(10);
    expect(await itemsOf('acme', sourceId)).toBe(2);
  });
});

describe('a round', () => {
  it('removes a bounded part of a large source and lets the others have their turn', async () => {
    const largeId = await deleted('acme');
    clock += 1;
    const smallId = await deleted('acme');
    clock += 3 * 60 * minute;
    const endless = new S3Client({ region: 'us-east-1' });
    const mock = mockClient(endless);
    mock.on(ListObjectVersionsCommand).callsFake(({ Prefix }: { Prefix: string }) => ({
      Versions: Prefix.includes(largeId) ? [{ Key: `${Prefix}x`, VersionId: 'v' }] : [],
      IsTruncated: Prefix.includes(largeId),
    }));
    mock.on(DeleteObjectsCommand).resolves({});
    expect(await purge(endless)).toMatchObject({ finished: 1, unfinished: 1 });
    expect(mock.commandCalls(DeleteObjectsCommand).length).toBeLessThanOrEqual(50);
    expect(await getPurge(home.table, { tenant: 'acme', sourceId: smallId })).toBeNull();
    clock += 1;
    expect(await dueNow()).toEqual([largeId]);
  });
});

describe('prefixes', () => {
  it('end where the id ends, so that no other begins with them', () => {
    for (const prefix of lakePrefixes('acme', 'id')) expect(prefix).toMatch(/acme\/id[/-]$/);
  });
});

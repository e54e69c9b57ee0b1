import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/reaper/handler.ts';
import { newSourceId } from '../../../shared/ids.ts';
import { createLog } from '../../../shared/log.ts';
import { getPurge, purgeLater } from '../../../shared/sources/purgeItem.ts';
import { transact } from '../../../shared/transact.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeEach(async () => {
  home = await headgateTable();
});
afterEach(() => home[Symbol.asyncDispose]());

const noted = new Date('2026-11-21T10:00:00.000Z');

/** A round three hours after a source was deleted with one object in its landing prefix. */
async function round(remainingMilliseconds: number, event: unknown = { source: 'aws.events' }) {
  const sourceId = newSourceId(noted);
  await transact(home.table, [purgeLater(home.table, 'acme', sourceId, noted)]);
  const s3 = new S3Client({ region: 'us-east-1' });
  const mock = mockClient(s3);
  mock
    .on(ListObjectVersionsCommand)
    .callsFake(({ Prefix = '' }: ListObjectVersionsCommandInput) => ({
      Versions: Prefix.startsWith('landing/') ? [{ Key: `${Prefix}a.csv`, VersionId: 'v1' }] : [],
    }));
  mock.on(DeleteObjectsCommand).resolves({});
  const handler = makeHandler(
    {
      table: home.table,
      executions: recordedExecutions(),
      s3,
      landingBucket: 'landing-bucket',
      lakeBucket: 'lake-bucket',
      now: () => new Date(noted.getTime() + 3 * 3_600_000),
    },
    createLog(() => {}),
  );
  await handler(event, { getRemainingTimeInMillis: () => remainingMilliseconds });
  const deletes = mock.commandCalls(DeleteObjectsCommand).map(({ args }) => args[0].input);
  const isLeft = (await getPurge(home.table, { tenant: 'acme', sourceId })) !== null;
  return { sourceId, deletes, isLeft };
}

it('removes what a deleted source left, in the bucket where it lies', async () => {
  const { sourceId, deletes, isLeft } = await round(60_000);
  const Objects = [{ Key: `landing/acme/${sourceId}/a.csv`, VersionId: 'v1' }];
  expect(deletes).toEqual([{ Bucket: 'landing-bucket', Delete: { Objects, Quiet: true } }]);
  expect(isLeft).toBe(false);
});

it('leaves that to the next round when the locks took its time', async () => {
  expect(await round(10_000)).toMatchObject({ deletes: [], isLeft: true });
});

it('removes nothing when it is told of one execution', async () => {
  const event = {
    'detail-type': 'Step Functions Execution Status Change',
    detail: { name: 'no-run-of-ours', status: 'ABORTED' },
  };
  expect(await round(60_000, event)).toMatchObject({ deletes: [], isLeft: true });
});

import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/fileArrival/handler.ts';
import { listFiles } from '../../../shared/files/files.ts';
import { createLog } from '../../../shared/log.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

async function setUp(change: Partial<SourceItem> = {}) {
  const { sourceId } = await home.addSource('t1', { connector: 'local_files', ...change });
  const executions = recordedExecutions();
  const handler = makeHandler(
    { table: home.table, executions, now: () => new Date() },
    createLog(() => {}),
  );
  const drop = (...names: readonly string[]): SQSEvent =>
    ({
      Records: names.map((name, index) => ({
        messageId: `m${index}`,
        body: JSON.stringify({
          time: '2026-03-01T12:00:00Z',
          detail: {
            object: {
              key: `landing/t1/${sourceId}/${name}`,
              size: 10,
              etag: 'e',
              'version-id': `v-${name}`,
              sequencer: `0${index}`,
            },
          },
        }),
      })),
    }) as SQSEvent;
  const names = async () =>
    (await listFiles(home.table, 't1', sourceId, { limit: 100 })).files.map(
      ({ file, status }) => `${file.name} ${status}`,
    );
  return { handler, drop, names, sourceId, executions };
}

it('writes every file down, counts the batch once, and starts one run', async () => {
  const { handler, drop, names, sourceId, executions } = await setUp();
  expect(await handler(drop('a.csv', '2026/b.csv'))).toEqual({ batchItemFailures: [] });
  expect(await names()).toEqual(['2026/b.csv pending', 'a.csv pending']);
  expect(await getLock(home.table, 't1', sourceId)).toMatchObject({ fileSeq: 1, drainedSeq: 0 });
  expect(executions.started).toHaveLength(1);
});

it('records a file once, however often its event comes', async () => {
  const { handler, drop, names } = await setUp();
  await handler(drop('a.csv'));
  await handler(drop('a.csv'));
  expect(await names()).toEqual(['a.csv pending']);
});

it('lets files that arrive during a run wait in the one queue slot', async () => {
  const { handler, drop, sourceId, executions } = await setUp();
  for (const name of ['a.csv', 'b.csv', 'c.csv']) await handler(drop(name));
  const lock = await getLock(home.table, 't1', sourceId);
  expect(lock?.pending?.trigger).toBe('file');
  expect(lock?.fileSeq).toBe(3);
  expect(executions.started).toHaveLength(1);
});

it('ignores folders, hidden files and the markers of other tools', async () => {
  const { handler, drop, names, executions } = await setUp();
  await handler(drop('folder/', '.hidden.csv', '_SUCCESS', 'x/_temporary/part.csv'));
  expect(await names()).toEqual([]);
  expect(executions.started).toEqual([]);
});

it('records files of a paused source without running it', async () => {
  const { handler, drop, names, executions } = await setUp({ status: 'paused' });
  await handler(drop('a.csv'));
  expect(await names()).toEqual(['a.csv pending']);
  expect(executions.started).toEqual([]);
});

it('has exactly the messages delivered again whose files could not be recorded', async () => {
  const { sourceId } = await home.addSource('t1');
  const failing = makeHandler(
    {
      table: { name: 'gone', client: home.table.client },
      executions: recordedExecutions(),
      now: () => new Date(),
    },
    createLog(() => {}),
  );
  const { drop } = await setUp();
  const answer = await failing(drop(`${sourceId}.csv`));
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
});

it('has a message that cannot be read delivered again, and no other', async () => {
  const { handler, drop, names } = await setUp();
  const { Records } = drop('a.csv', 'b.csv');
  const [first, second] = Records as [SQSEvent['Records'][0], SQSEvent['Records'][0]];
  const answer = await handler({ Records: [{ ...first, body: '{"time": 7}' }, second] });
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  expect(await names()).toEqual(['b.csv pending']);
});

it('records 100 files of one batch in a few writes, and counts them once', async () => {
  const { handler, drop, names, sourceId } = await setUp();
  await handler(drop(...Array.from({ length: 100 }, (_, n) => `f${n}.csv`)));
  expect(await names()).toHaveLength(100);
  expect((await getLock(home.table, 't1', sourceId))?.fileSeq).toBe(1);
});

it('ignores a name that is too long to be kept', async () => {
  const { handler, drop, names } = await setUp();
  expect(await handler(drop(`${'é'.repeat(460)}.csv`))).toEqual({ batchItemFailures: [] });
  expect(await names()).toEqual([]);
});

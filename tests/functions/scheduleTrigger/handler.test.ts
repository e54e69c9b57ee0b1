import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/scheduleTrigger/handler.ts';
import { createLog } from '../../../shared/log.ts';
import { firingsIn } from '../../../shared/runs/firingItem.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

async function setUp(change: Partial<SourceItem> = {}) {
  const { sourceId } = await home.addSource('t1', change);
  const executions = recordedExecutions();
  const now = () => new Date();
  const handler = makeHandler(
    { table: home.table, executions, now },
    firingsIn(home.table, now),
    createLog(() => {}),
  );
  const firing = { tenant: 't1', sourceId, scheduledTime: '2026-03-01T02:00:00Z' };
  return { handler, firing, executions };
}

it('starts one run per firing, however often the firing is delivered', async () => {
  const { handler, firing, executions } = await setUp();
  expect((await handler(firing)).outcome).toBe('started');
  expect(await handler(firing)).toEqual({ outcome: 'repeated' });
  expect(executions.started).toHaveLength(1);
});

it('compares keys when it is time to, beside the ingest of the same moment', async () => {
  const { handler, firing, executions } = await setUp();
  const detect = { ...firing, kind: 'detect_deletes' };
  expect((await handler(detect)).outcome).toBe('started');
  expect(await handler(detect)).toEqual({ outcome: 'repeated' });
  expect((await handler(firing)).outcome).toBe('queued');
  expect(executions.started).toHaveLength(1);
});

it('queues a firing while the run before it still holds the source', async () => {
  const { handler, firing } = await setUp();
  await handler(firing);
  expect((await handler({ ...firing, scheduledTime: '2026-03-02T02:00:00Z' })).outcome).toBe(
    'queued',
  );
});

it.each([
  'draft',
  'paused',
  'archived',
] as const)('leaves a source that is %s alone', async (status) => {
  const { handler, firing, executions } = await setUp({ status });
  expect(await handler(firing)).toEqual({ outcome: 'skipped' });
  expect(executions.started).toEqual([]);
});

it('skips a source that was deleted', async () => {
  const { handler, firing } = await setUp();
  expect(await handler({ ...firing, sourceId: '0'.repeat(26) })).toEqual({ outcome: 'skipped' });
});

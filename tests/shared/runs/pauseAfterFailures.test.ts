import { afterAll, expect, it } from 'vitest';
import { endRun } from '../../../shared/runs/endRun.ts';
import { failuresBeforePause } from '../../../shared/runs/pauseAfterFailures.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import { getSource } from '../../../shared/sources/getSource.ts';
import { headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

const home = await headgateTable();
afterAll(() => home[Symbol.asyncDispose]());

it('pauses a source after twenty failures in a row, and says so once', async () => {
  const { sourceId, connector } = await home.addSource('t1');
  const dependencies = {
    table: home.table,
    executions: recordedExecutions(),
    now: () => new Date(),
  };
  const fail = async (status: 'failed' | 'succeeded') => {
    await requestRun(dependencies, {
      tenant: 't1',
      sourceId,
      connector,
      request: { kind: 'ingest' },
      trigger: 'schedule',
      requestedBy: 'x',
      whenBusy: 'queue',
    });
    const input = dependencies.executions.started.at(-1);
    if (input === undefined) throw new Error('not started');
    await endRun(dependencies, input, { status });
    return getSource(home.table, 't1', sourceId);
  };
  await fail('failed');
  // A success starts the count again.
  expect(await fail('succeeded')).toMatchObject({ failuresInARow: 0 });
  for (let count = 1; count < failuresBeforePause; count++)
    expect(await fail('failed')).toMatchObject({ status: 'active', attention: [] });
  expect(await fail('failed')).toMatchObject({
    status: 'paused',
    failuresInARow: failuresBeforePause,
    attention: [{ code: 'paused_after_failures' }],
  });
  expect((await fail('failed'))?.attention).toHaveLength(1);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHandler, reasonOf } from '../../../functions/fail/handler.ts';
import { HeadgateError } from '../../../shared/errors.ts';
import { createLog } from '../../../shared/log.ts';
import { reportable } from '../../../shared/reportable.ts';
import { getLock } from '../../../shared/runs/lock.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import { getRun } from '../../../shared/runs/runs.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

/** What Step Functions catches when a function throws this. */
function caught(error: unknown): { readonly error: string; readonly cause: string } {
  const { name, message } = reportable(error);
  return {
    error: name,
    cause: JSON.stringify({ errorType: name, errorMessage: message, trace: [] }),
  };
}

describe('the reason of a failed run', () => {
  it('is the code and the words of our own error', () => {
    const { error, cause } = caught(
      new HeadgateError(
        'invalid_credentials',
        'Postgres refused user "reader". Check the password.',
      ),
    );
    expect(reasonOf(error, cause)).toEqual({
      code: 'invalid_credentials',
      message: 'Postgres refused user "reader". Check the password.',
    });
  });

  it('says nothing of the message of an error that is not ours', () => {
    const { error, cause } = caught(new Error('password hunter2 is wrong'));
    const reason = reasonOf(error, cause);
    expect(reason.code).toBe('internal_error');
    expect(JSON.stringify([error, cause, reason])).not.toContain('hunter2');
  });

  it('names what the platform did', () => {
    expect(reasonOf('Sandbox.Timedout', 'Task timed out after 900.00 seconds').message).toContain(
      'time limit',
    );
    expect(reasonOf('Runtime.OutOfMemory', '').code).toBe('out_of_memory');
  });
});

it('ends the run, frees the lock, and starts the one that waits', async () => {
  const { sourceId, connector } = await home.addSource('t1');
  const executions = recordedExecutions();
  const dependencies = { table: home.table, executions, now: () => new Date() };
  const demand = {
    tenant: 't1',
    sourceId,
    connector,
    request: { kind: 'ingest' },
    trigger: 'api',
    requestedBy: 'x',
    whenBusy: 'queue',
  } as const;
  const { runId } = await requestRun(dependencies, demand);
  const waiting = await requestRun(dependencies, demand);
  const [input] = executions.started;
  const event = {
    ...input,
    ...caught(new HeadgateError('source_not_found', 'There is no table "orders".')),
  };
  const handler = makeHandler(
    dependencies,
    createLog(() => {}),
  );
  expect(await handler(event)).toEqual({ ended: true });
  expect(await getRun(home.table, 't1', runId)).toMatchObject({
    status: 'failed',
    error: { code: 'source_not_found', message: 'There is no table "orders".' },
  });
  expect((await getLock(home.table, 't1', sourceId))?.owner?.runId).toBe(waiting.runId);
  expect(await handler(event), 'a second delivery changes nothing').toEqual({ ended: false });
});

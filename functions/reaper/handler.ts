import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { findLostFiles } from '../../shared/files/findLostFiles.ts';
import { hideDeletedFiles } from '../../shared/files/hideDeletedFiles.ts';
import { sourceIdOfRun } from '../../shared/ids.ts';
import type { Log } from '../../shared/log.ts';
import { endRun, type RunDependencies } from '../../shared/runs/endRun.ts';
import { executionInput } from '../../shared/runs/ingestProtocol.ts';
import { type ReapReport, reap } from '../../shared/runs/reap.ts';
import { type PurgeDependencies, purgeSources } from '../../shared/sources/purgeSources.ts';

export type ReaperDependencies = RunDependencies & PurgeDependencies;

/** EventBridge's "Step Functions Execution Status Change"; `input` is left out above 8 KB. */
const statusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({ name: z.string(), status: z.string(), input: z.string().nullish() }),
});

/** Kept of the function's time to note how far a round came. */
const endMilliseconds = 15_000;

/**
 * Every few minutes, looks after all locks, and in what time is left removes the data of deleted sources, hides the
 * objects of deleted files, and once a day looks for dropped files whose events were lost. When an
 * execution ended without telling (stopped, timed out), ends its run at once; such events are best effort, so the
 * rounds find the rest.
 */
export const makeHandler =
  (dependencies: ReaperDependencies, log: Log) =>
  async (
    event: unknown,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<ReapReport> => {
    const ended = statusChange.safeParse(event);
    if (ended.success) {
      const { input, name, status } = ended.data.detail;
      if (input != null && sourceIdOfRun(name) !== null)
        await endRun(dependencies, executionInput.parse(JSON.parse(input)), {
          status: 'failed',
          error: {
            code: 'internal_error',
            message: `The run's execution ended (${status.toLowerCase()}) without a result. What it committed stays.`,
          },
        });
      return { looked: 1, ended: 1, started: 0, timedOut: 0, woken: 0 };
    }
    const report = await reap(dependencies, log);
    log.info('locks looked after', { ...report });
    const time = context.getRemainingTimeInMillis() - endMilliseconds;
    const signal = time > 0 ? AbortSignal.timeout(time) : AbortSignal.abort();
    const purged = await purgeSources(dependencies, log, signal);
    if (Object.values(purged).some((count) => count > 0))
      log.info('data of deleted sources removed', { ...purged });
    const hidden = await hideDeletedFiles(dependencies, log, signal);
    if (hidden > 0) log.info('deleted files hidden', { hidden });
    await findLostFiles(dependencies, log, signal).catch((error: unknown) => {
      // What is left of it is looked through in a later round.
      if (!signal.aborted) log.error('dropped files could not be listed', { error });
    });
    return report;
  };

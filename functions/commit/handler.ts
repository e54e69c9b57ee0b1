import { reportable } from '../../shared/reportable.ts';
import { type CommitDependencies, commitWork } from '../../shared/runs/commitWork.ts';
import { commitInput } from '../../shared/runs/ingestProtocol.ts';
import { keepRunLog, type RunLog } from '../../shared/runs/runLog.ts';

/** The only function that writes table metadata: a snapshot, then the transaction that makes it visible. */
export const makeHandler =
  (
    dependencies: Omit<CommitDependencies, 'invocationId' | 'signal' | 'log'>,
    runLog: RunLog,
    newId: () => string,
  ) =>
  async (event: unknown): Promise<{ readonly seq: number }> => {
    const input = commitInput.parse(event);
    const { tenant, sourceId, runId } = input;
    const log = runLog.log.with({ tenant, sourceId, runId });
    try {
      return await commitWork(
        { ...dependencies, log, invocationId: newId(), signal: new AbortController().signal },
        input,
      );
    } catch (error) {
      log.error('commit failed', { error });
      throw reportable(error);
    } finally {
      await keepRunLog(dependencies.store, input, 'commit', runLog, dependencies.now());
    }
  };

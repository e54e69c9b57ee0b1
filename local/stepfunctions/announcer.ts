import type { Log } from '../../shared/log.ts';
import type { Ending, Execution, ExecutionStatus, Executions } from './executions.ts';
import { endingOf, type StatusChangeEvent, statusChangeEvent } from './statusChange.ts';

export type StatusChangeListener = (event: StatusChangeEvent) => Promise<void> | void;

export interface Announcer {
  listen(listener: StatusChangeListener): void;
  changed(execution: Execution, status: ExecutionStatus, ending: Ending | null): void;
  /** Announces what was stored but not announced when the process ended. */
  resume(): void;
  /** Resolves when nothing is being announced; nothing is afterwards. */
  close(): Promise<void>;
}

/**
 * Tells listeners of status changes, in order, at least once each: a change that a listener did not take
 * before the process ended is told after the restart (of several changes of one execution, the last).
 * A listener that rejects is logged and not asked again before the next restart.
 */
export function openAnnouncer(
  executions: Executions,
  now: () => number,
  log: Log | undefined,
): Announcer {
  const listeners: StatusChangeListener[] = [];
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  const announce = async (
    execution: Execution,
    status: ExecutionStatus,
    event: StatusChangeEvent,
  ): Promise<void> => {
    if (closed) return;
    try {
      for (const listener of listeners) await listener(event);
      if (!closed) executions.announced(execution.arn, status);
    } catch (error) {
      log?.error('a listener did not take a status change', {
        execution: execution.arn,
        status,
        error,
      });
    }
  };

  const changed: Announcer['changed'] = (execution, status, ending) => {
    if (execution.mapRunArn !== null) return;
    const event = statusChangeEvent(execution, status, ending, now());
    last = last.then(async () => await announce(execution, status, event));
  };

  return {
    listen: (listener) => void listeners.push(listener),
    changed,
    resume() {
      for (const execution of executions.unannounced())
        changed(execution, execution.status, endingOf(execution));
    },
    async close() {
      closed = true;
      await last;
    },
  };
}

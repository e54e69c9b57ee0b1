import type { Log } from '../../shared/log.ts';
import type { Execution, Executions } from './executions.ts';
import { type StatusChangeEvent, statusChangeEvent } from './statusChange.ts';

export type StatusChangeListener = (event: StatusChangeEvent) => Promise<void> | void;

export interface Announcer {
  listen(listener: StatusChangeListener): void;
  /** Announces the status that is stored now. */
  changed(executionArn: string): void;
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

  const announce = async ({ arn, status }: Execution, event: StatusChangeEvent): Promise<void> => {
    if (closed) return;
    try {
      for (const listener of listeners) await listener(event);
      if (!closed) executions.announced(arn, status);
    } catch (error) {
      log?.error('a listener did not take a status change', {
        execution: arn,
        status,
        error,
      });
    }
  };

  const queue = (execution: Execution): void => {
    if (execution.mapRunArn !== null) return;
    const event = statusChangeEvent(execution, now());
    last = last.then(async () => await announce(execution, event));
  };

  return {
    listen: (listener) => void listeners.push(listener),
    changed(executionArn) {
      const execution = executions.get(executionArn);
      if (execution) queue(execution);
    },
    resume() {
      for (const execution of executions.unannounced()) queue(execution);
    },
    async close() {
      closed = true;
      await last;
    },
  };
}

import { HeadgateError } from '../errors.ts';
import type { Log } from '../log.ts';
import { heartbeat } from '../runs/holdLock.ts';
import { type Fence, heartbeatLeaseMilliseconds, heartbeatMilliseconds } from '../runs/lock.ts';
import type { RunProgress } from '../runs/lockItem.ts';
import type { Table } from '../table.ts';

export interface KeepAlive extends Disposable {
  /** Aborted with `fence_lost` when the lock is gone. */
  readonly signal: AbortSignal;
  /** Adds to what the next heartbeat reports. */
  progress(more: Partial<RunProgress>): void;
  /** The last heartbeat before the answer: the lease then covers the commit. */
  cover(milliseconds: number): Promise<void>;
}

/**
 * Renews the run's lease every 15 s in the same write that records progress. A failed write is tried at the next
 * beat; only a refused one stops the work.
 */
export function keepAlive(
  table: Table,
  fence: Fence,
  attempt: number,
  before: RunProgress | undefined,
  now: () => Date,
  log: Log,
): KeepAlive {
  const abort = new AbortController();
  let progress: RunProgress = before ?? { pages: 0, rows: 0, bytes: 0 };
  const beat = async (leaseMilliseconds: number): Promise<void> => {
    const leaseUntil = new Date(now().getTime() + leaseMilliseconds);
    await heartbeat(table, fence, attempt, progress, leaseUntil);
  };
  const timer = setInterval(() => {
    beat(heartbeatLeaseMilliseconds).catch((error: unknown) => {
      if (error instanceof HeadgateError && error.code === 'fence_lost') abort.abort(error);
      else log.warn('a heartbeat failed', { error });
    });
  }, heartbeatMilliseconds);
  return {
    signal: abort.signal,
    progress: ({ pages = 0, rows = 0, bytes = 0, stream }) => {
      progress = {
        pages: progress.pages + pages,
        rows: progress.rows + rows,
        bytes: progress.bytes + bytes,
        ...(stream === undefined ? {} : { stream }),
      };
    },
    cover: (milliseconds) => beat(milliseconds),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

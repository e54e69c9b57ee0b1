import { HeadgateError } from '../errors.ts';
import type { KeepAlive } from '../ingest/keepAlive.ts';
import type { Log } from '../log.ts';
import { type Fence, heartbeatMilliseconds } from '../runs/lock.ts';
import { beatUnits } from '../runs/units.ts';
import type { Table } from '../table.ts';

const nothing = { pages: 0, rows: 0, bytes: 0 };

/**
 * A unit's signs of life, every 15 s, with what it did since the last. They never touch the LOCK item. Throws
 * `fence_lost` when the run is over; later on its signal says so.
 */
export async function unitsAlive(
  table: Table,
  fence: Fence,
  planKey: string,
  now: () => Date,
  log: Log,
): Promise<KeepAlive> {
  const abort = new AbortController();
  let done = nothing;
  const beat = async (): Promise<void> => {
    const since = done;
    done = nothing;
    try {
      await beatUnits(table, fence, planKey, since, now());
    } catch (error) {
      done = add(done, since);
      throw error;
    }
  };
  await beat();
  const timer = setInterval(() => {
    beat().catch((error: unknown) => {
      if (error instanceof HeadgateError && error.code === 'fence_lost') abort.abort(error);
      else log.warn('a sign of life failed', { error });
    });
  }, heartbeatMilliseconds);
  return {
    signal: abort.signal,
    progress: (more) => {
      done = add(done, { ...nothing, ...more });
    },
    cover: beat,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

const add = (left: typeof nothing, right: typeof nothing): typeof nothing => ({
  pages: left.pages + right.pages,
  rows: left.rows + right.rows,
  bytes: left.bytes + right.bytes,
});

import { ParkUntil } from '../connectors/connector.ts';
import type { RateLimit, RequestLimit } from '../connectors/rateLimit.ts';
import type { Table } from '../table.ts';
import { type Pace, paceItem } from './rateItem.ts';

export interface SharedRateLimitOptions {
  readonly table: Table;
  readonly tenant: string;
  /** Names the credential; all runs that give the same name share its pace. */
  readonly credential: string;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A longer wait parks the run. Default 60. */
  readonly longestWaitSeconds?: number;
}

/** A limit as a bucket: `burst` at once, then one each `interval`. */
interface Bucket {
  readonly burst: number;
  readonly intervalMilliseconds: number;
}

/**
 * In no window of T seconds more than n requests: a burst of b, one each T ÷ (n − 2b + 1) after it, and b − 1 that were
 * taken before the window and sent in it come to at most n. A tenth may come at once, so that the table is not asked for
 * every request.
 */
function bucketOf({ requests, perSeconds }: RequestLimit): Bucket {
  const burst = Math.max(1, Math.floor(requests / 10));
  const steady = burst === 1 ? requests : requests - 2 * burst + 1;
  // Up to a hundredth, because fractions of epoch milliseconds are rounded, too.
  return { burst, intervalMilliseconds: Math.floor((perSeconds * 100_000) / steady + 1) / 100 };
}

/** Requests that were taken and not sent yet. */
interface Lease {
  readonly size: number;
  readonly left: number;
  readonly until: number;
}

/**
 * One pace for every run that uses a credential, in one DynamoDB item. A run takes a few requests at a time, ever more
 * while it goes on, and loses those it does not send within the moment they were meant for; a run that dies leaves
 * nothing behind. Who has to wait takes a place in the row, so that runs come in turn.
 */
export function sharedRateLimit(options: SharedRateLimitOptions): RateLimit {
  const { table, tenant, credential, now, sleep, longestWaitSeconds = 60 } = options;
  const item = paceItem(table, tenant, credential);
  const paces = new Map<string, Pace>();
  const leases = new Map<string, Lease>();
  let turn: Promise<void> = Promise.resolve();

  async function take(limit: RequestLimit, cost: number): Promise<void> {
    const { name } = limit;
    const lease = leases.get(name);
    if (lease !== undefined && lease.left >= cost && lease.until > now().getTime()) {
      leases.set(name, { ...lease, left: lease.left - cost });
      return;
    }
    const { burst, intervalMilliseconds } = bucketOf(limit);
    const wanted = Math.max(cost, Math.min(burst, (lease?.size ?? 0) * 2));
    let seen = paces.get(name) ?? (await item.read(name));
    for (;;) {
      const time = now().getTime();
      const start = Math.max(seen.next ?? time, time, seen.pausedUntil ?? time);
      // Places that are free now; whoever needs more waits for its own place.
      const free = Math.floor(burst - (start - time) / intervalMilliseconds);
      const size = Math.max(cost, Math.min(wanted, free));
      const next = start + size * intervalMilliseconds;
      const paused = (seen.pausedUntil ?? 0) - time;
      // Clocks tell whole milliseconds: never one early.
      const wait = Math.ceil(Math.max(0, paused, next - burst * intervalMilliseconds - time));
      if (wait > longestWaitSeconds * 1000)
        throw new ParkUntil(
          new Date(time + wait),
          'The source takes no more requests with these credentials for now.',
        );
      const other = await item.advance(name, seen, next, time);
      if (other !== null) {
        seen = other;
        continue;
      }
      paces.set(name, { next, pausedUntil: seen.pausedUntil });
      if (wait > 0) await sleep(wait);
      leases.set(name, {
        size,
        left: size - cost,
        until: now().getTime() + size * intervalMilliseconds,
      });
      return;
    }
  }

  return {
    take(limit, cost = 1) {
      // One after the other, or two of one run would take the same places.
      const mine = turn.then(() => take(limit, cost));
      turn = mine.catch(() => undefined);
      return mine;
    },
    async pause(milliseconds) {
      const time = now().getTime();
      leases.clear();
      paces.clear();
      await item.pause(time + Math.ceil(milliseconds), time);
    },
  };
}

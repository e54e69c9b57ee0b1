import { afterAll, describe, expect, it } from 'vitest';
import { ParkUntil } from '../../../shared/connectors/connector.ts';
import type { RequestLimit } from '../../../shared/connectors/rateLimit.ts';
import { sharedRateLimit } from '../../../shared/http/sharedRateLimit.ts';
import { headgateTable } from '../../headgateTable.ts';
import { seeded } from '../../randomness.ts';

const home = await headgateTable();
afterAll(() => home[Symbol.asyncDispose]());
let names = 0;

/** Many runs on one clock: each goes on when the time it sleeps until has come, the earliest first. */
function world() {
  let time = Date.parse('2026-05-01T10:00:00Z');
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  names += 1;
  const credential = `credential-${names}`;
  return {
    now: () => new Date(time),
    credential,
    /** Runs all of them to their end, or to a time. */
    async play(runs: readonly Promise<unknown>[], until = Number.POSITIVE_INFINITY): Promise<void> {
      let done = 0;
      for (const run of runs) void run.finally(() => (done += 1)).catch(() => undefined);
      while (done < runs.length && time < until) {
        // Real answers of the table come between two moments.
        await new Promise((resolve) => setTimeout(resolve, 4));
        if (sleepers.length === 0 || sleepers.length + done < runs.length) continue;
        sleepers.sort((left, right) => left.at - right.at);
        const next = sleepers.shift();
        if (next === undefined) continue;
        time = Math.max(time, next.at);
        next.wake();
      }
    },
    open: () =>
      sharedRateLimit({
        table: home.table,
        tenant: 'acme',
        credential,
        now: () => new Date(time),
        sleep: (milliseconds) =>
          new Promise((resolve) => {
            sleepers.push({ at: time + milliseconds, wake: resolve });
          }),
      }),
    sleepUntil: (at: number) =>
      new Promise<void>((resolve) => sleepers.push({ at, wake: resolve })),
  };
}

/** The most requests in any window of the limit's length. */
const mostIn = (sent: readonly number[], { perSeconds }: RequestLimit): number => {
  const times = [...sent].sort((left, right) => left - right);
  return Math.max(
    ...times.map(
      (start) => times.filter((at) => at >= start && at < start + perSeconds * 1000).length,
    ),
  );
};

describe('the pace of one credential', () => {
  for (const limit of [
    { name: 'fast', requests: 25, perSeconds: 1 },
    { name: 'slow', requests: 10, perSeconds: 60 },
    { name: 'one', requests: 1, perSeconds: 1 },
    { name: 'ten_in_ten', requests: 100, perSeconds: 10 },
  ] as const)
    it(`keeps three runs together below ${limit.requests} requests in ${limit.perSeconds} s, and near it`, async () => {
      const { open, now, play, credential } = world();
      const sent: number[] = [];
      const each = Math.max(4, Math.min(60, limit.requests));
      const began = now().getTime();
      await play(
        Array.from({ length: 3 }, async () => {
          const pace = open();
          for (let count = 0; count < each; count += 1) {
            await pace.take(limit);
            sent.push(now().getTime());
          }
        }),
      );
      expect(sent.length, credential).toBe(3 * each);
      expect(mostIn(sent, limit)).toBeLessThanOrEqual(limit.requests);
      const seconds = (now().getTime() - began) / 1000;
      const fastest = ((3 * each) / limit.requests) * limit.perSeconds;
      expect(seconds).toBeLessThan(fastest * 1.35 + limit.perSeconds);
    });

  it('is not held up by a run that died with requests in hand', async () => {
    const limit = { name: 'fast', requests: 50, perSeconds: 1 };
    const { open, now, play } = world();
    const dead = open();
    for (let count = 0; count < 4; count += 1) await dead.take(limit);
    const before = now().getTime();
    const alive = open();
    await play([
      (async () => {
        for (let count = 0; count < 10; count += 1) await alive.take(limit);
      })(),
    ]);
    expect(now().getTime() - before).toBeLessThan(1000);
  });

  it('counts each limit of a credential apart, and each credential', async () => {
    const { open, now, play } = world();
    const start = now().getTime();
    const pace = open();
    await play([
      (async () => {
        await pace.take({ name: 'search', requests: 1, perSeconds: 30 });
        await pace.take({ name: 'list', requests: 1, perSeconds: 30 });
        await world().open().take({ name: 'search', requests: 1, perSeconds: 30 });
      })(),
    ]);
    expect(now().getTime()).toBe(start);
  });

  it('stops every run when the source asks to wait, and parks those that would wait long', async () => {
    const limit = { name: 'fast', requests: 10, perSeconds: 1 };
    const { open, now, play } = world();
    const [first, second] = [open(), open()];
    await second.take(limit);
    await first.pause(20_000);
    const before = now().getTime();
    const sent: number[] = [];
    const eight = async (pace: typeof first): Promise<void> => {
      for (let count = 0; count < 8; count += 1) {
        await pace.take(limit);
        sent.push(now().getTime());
      }
    };
    await play([eight(first), eight(second), eight(open())]);
    expect(Math.min(...sent) - before).toBeGreaterThanOrEqual(20_000);
    // All of them waited for the same moment, and still come one after the other.
    expect(mostIn(sent, limit)).toBeLessThanOrEqual(limit.requests);
    await first.pause(300_000);
    await first.pause(1_000);
    const error = await open()
      .take(limit)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ParkUntil);
    expect((error as ParkUntil).until.getTime() - now().getTime()).toBe(300_000);
  });

  it('keeps the limit whatever runs come, stop and pause', async () => {
    const random = seeded('rate limit');
    const limit = { name: 'fast', requests: random.pick([15, 20, 47]), perSeconds: 2 };
    const { open, now, play, sleepUntil } = world();
    const sent: number[] = [];
    await play(
      Array.from({ length: 4 }, async () => {
        for (let lives = 0; lives < 3; lives += 1) {
          const pace = open();
          const requests = 1 + random.below(12);
          for (let count = 0; count < requests; count += 1) {
            await pace.take(limit);
            sent.push(now().getTime());
            if (random.chance(0.3)) await sleepUntil(now().getTime() + random.below(1500));
          }
        }
      }),
    );
    expect(mostIn(sent, limit)).toBeLessThanOrEqual(limit.requests);
  });
});

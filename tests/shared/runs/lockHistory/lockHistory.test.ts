import { describe, expect, it } from 'vitest';
import { isExact, play, type World } from './play.ts';
import type { Sabotage } from './simulation.ts';

/** `npm run soak -- lock` plays 1,000. */
const runs = 200;

describe('runs that are killed, retried, cancelled and taken over at random', () => {
  it('hold the lock one at a time, and each row lands exactly once', async () => {
    const { report, tables, held } = await play(runs, {});
    expect(report.violations).toEqual([]);
    expect(report.holds).toBeGreaterThan(runs / 3);
    expect(report.commits).toBeGreaterThan(runs / 10);
    expect(held).toBe(0);
    expect(tables.filter((table) => !isExact(table))).toEqual([]);
  }, 240_000);

  it('are caught when commits stop checking the fence', async () => {
    const caught = await caughtBy({ noFence: true }, ({ report }) =>
      /committed while|happened twice/.test(report.violations.join()),
    );
    expect(caught).toBe(true);
  }, 240_000);

  it('are caught when object keys no longer hold the attempt', async () => {
    const caught = await caughtBy(
      { noAttemptInKeys: true },
      ({ tables }) => !tables.every(isExact),
    );
    expect(caught).toBe(true);
  }, 240_000);
});

/** A sabotaged world needs its unlucky moment, which a few tries always meet. */
async function caughtBy(sabotage: Sabotage, isCaught: (world: World) => boolean): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) if (isCaught(await play(runs, sabotage))) return true;
  return false;
}

import { expect, it } from 'vitest';
import type { ParkUntil } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import type { Paced, Surroundings } from './connectorExample.ts';
import { deafFetch } from './deafFetch.ts';

/** How far a read came: to its end, or until it was parked. */
export interface Reach {
  readonly rows: readonly string[];
  readonly checkpoint: unknown;
  readonly parked: ParkUntil | null;
}

/** How a connector bears a source that asks it to slow down, by what the source itself counts. */
export function describePace(
  { source, says, perSeconds = 3 }: Paced,
  read: (from: unknown, over: Surroundings) => Promise<Reach>,
): void {
  const { now, sleep, advance } = source.clock;
  const listening = (): Surroundings => ({
    fetch: withRetries(mapOrigins(createFetch({ allow: ['127.0.0.1'] }), source.origins), {
      now,
      sleep,
      random: () => 0.5,
    }),
    now,
    sleep,
  });
  /** Neither told when to come again, nor able to wait of its own accord. */
  const deaf = (): Surroundings => ({
    fetch: deafFetch(source),
    now,
    sleep: async () => undefined,
  });
  const whole = async (): Promise<readonly string[]> => {
    source.throttle(null);
    const { rows } = await read(null, listening());
    expect(rows.length).toBeGreaterThan(2);
    return [...rows].sort();
  };

  for (const way of says)
    it(`comes back when the source wants it (it says ${way}), and would knock too early if it did not hear`, async () => {
      const expected = await whole();
      source.throttle({ requests: 2, perSeconds: way === 'nothing' ? perSeconds : 3, says: way });
      const { rows, parked } = await read(null, listening());
      expect(source.violations()).toBe(0);
      expect([parked, [...rows].sort()]).toEqual([null, expected]);
      source.throttle({ requests: 2, perSeconds: way === 'nothing' ? perSeconds : 10, says: way });
      await read(null, deaf()).catch((error: unknown) => {
        // Without a pause, its tries are soon used up.
        if (!(error instanceof HeadgateError) || error.code !== 'source_throttled') throw error;
      });
      expect(source.violations()).toBeGreaterThan(0);
      source.throttle(null);
    });

  it('is parked when the source wants it back much later, comes back then, and goes on where it was', async () => {
    const expected = await whole();
    source.throttle({ requests: 3, perSeconds: 120, says: 'seconds' });
    const begun = await read(null, listening());
    expect(begun.parked?.until.getTime()).toBeGreaterThan(now().getTime() + 60_000);
    advance((begun.parked?.until.getTime() ?? 0) - now().getTime());
    // What it may ask for until it is parked anew.
    const next = await read(begun.checkpoint, listening());
    expect(next.parked).not.toBeNull();
    expect(source.violations()).toBe(0);
    source.throttle(null);
    const rest = await read(next.checkpoint, listening());
    expect([...new Set([...begun.rows, ...next.rows, ...rest.rows])].sort()).toEqual(expected);
  });
}

import type { Walk } from './engine.ts';

/** A timer holds less than 25 days. */
const longestMilliseconds = 2 ** 31 - 1;

/** Waits for a moment, in milliseconds since the epoch, however far away. Rejects when interrupted. */
export async function pauseUntil(walk: Walk, at: number): Promise<void> {
  const { engine } = walk.run;
  for (let rest = at - engine.now(); rest > 0; rest = at - engine.now())
    await engine.sleep(Math.min(rest, longestMilliseconds), walk.signal);
}

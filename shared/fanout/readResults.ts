import { prefetch } from '../lake/prefetch.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import { failureKey, partKey, type UnitPlace } from './fanOutPlan.ts';
import { readJson } from './planObjects.ts';
import { type UnitFailure, type UnitPart, unitFailure, unitPart } from './unitPart.ts';

/** What one unit did, in the order it did it. */
export interface UnitResult {
  readonly parts: readonly UnitPart[];
  readonly finished: boolean;
  /** Of a unit that is not finished: why, if it could say so. */
  readonly failure: UnitFailure | null;
}

const readsAtATime = 16;

/** The results of all units, in the units' order. */
export async function readResults(
  store: ObjectStore,
  places: readonly UnitPlace[],
  signal: AbortSignal,
): Promise<readonly UnitResult[]> {
  const results: UnitResult[] = [];
  for await (const result of prefetch(places, readsAtATime, (place) =>
    readResult(store, place, signal),
  ))
    results.push(result);
  return results;
}

async function readResult(
  store: ObjectStore,
  place: UnitPlace,
  signal: AbortSignal,
): Promise<UnitResult> {
  const parts: UnitPart[] = [];
  while (parts.at(-1)?.finished !== true) {
    const stored = await readJson(store, partKey(place, parts.length), signal);
    if (stored === null) {
      const failed = await readJson(store, failureKey(place, parts.length), signal);
      const failure = failed === null ? null : unitFailure.parse(failed);
      return { parts, finished: false, failure };
    }
    parts.push(unitPart.parse(stored));
  }
  return { parts, finished: true, failure: null };
}

/** What units cost: function time, and state transitions. */
export interface UnitCost {
  readonly gigabyteSeconds: number;
  readonly unitTransitions: number;
}
export const noCost: UnitCost = { gigabyteSeconds: 0, unitTransitions: 0 };

/** Three states for each unit, and two more for each time it went on. */
export const costOf = (results: readonly UnitResult[]): UnitCost => ({
  gigabyteSeconds: results
    .flatMap(({ parts }) => parts)
    .reduce((sum, part) => sum + part.gigabyteSeconds, 0),
  unitTransitions: results.reduce((sum, { parts }) => sum + 1 + 2 * Math.max(1, parts.length), 0),
});

export const addCost = (left: UnitCost, right: UnitCost): UnitCost => ({
  gigabyteSeconds: left.gigabyteSeconds + right.gigabyteSeconds,
  unitTransitions: left.unitTransitions + right.unitTransitions,
});

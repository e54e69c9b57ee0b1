import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import {
  type FanOutPlan,
  fanOutPlan,
  type MapItem,
  type UnitWork,
  unitWork,
} from './fanOutPlan.ts';

/** What the state machine is told to fan out. */
export interface FanOut {
  readonly itemsKey: string;
  readonly planKey: string;
  readonly units: number;
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/**
 * Writes a plan, what each of its units does, and the items of the Map: all units, or some. `prefix` MUST be of
 * this invocation alone.
 */
export async function writePlan(
  store: ObjectStore,
  prefix: string,
  plan: Omit<FanOutPlan, 'unitsKey'>,
  units: readonly UnitWork[],
  chosen: readonly number[],
  signal: AbortSignal,
): Promise<FanOut> {
  const unitsKey = `${prefix}units.jsonl`;
  const planKey = `${prefix}plan.json`;
  const lines = units.map((unit) => new TextEncoder().encode(`${JSON.stringify(unit)}\n`));
  let at = 0;
  const places = lines.map((line) => {
    const from = at;
    at += line.length;
    return { from, to: at };
  });
  const items = chosen.map((unit) => ({ unit, ...(places[unit] as (typeof places)[0]) }));
  await store.putNew(unitsKey, Buffer.concat(lines), 'application/jsonl', signal);
  await store.putNew(planKey, bytesOf({ ...plan, unitsKey }), 'application/json', signal);
  const itemsKey = await writeItems(store, prefix, items, signal);
  return { itemsKey, planKey, units: items.length };
}

/** Writes the items of a Map over units of a plan that was written before. */
export async function writeItems(
  store: ObjectStore,
  prefix: string,
  items: readonly MapItem[],
  signal: AbortSignal,
): Promise<string> {
  const itemsKey = `${prefix}items.jsonl`;
  const text = items.map((item) => JSON.stringify(item)).join('\n');
  await store.putNew(itemsKey, new TextEncoder().encode(text), 'application/jsonl', signal);
  return itemsKey;
}

export async function readPlan(
  store: ObjectStore,
  planKey: string,
  signal: AbortSignal,
): Promise<FanOutPlan> {
  return fanOutPlan.parse(parse(await store.get(planKey, signal)));
}

/** What one unit does, by where it stands in the plan's list. */
export async function readUnit(
  store: ObjectStore,
  { unitsKey }: Pick<FanOutPlan, 'unitsKey'>,
  { from, to }: Pick<MapItem, 'from' | 'to'>,
  signal: AbortSignal,
): Promise<UnitWork> {
  return unitWork.parse(parse(await store.getRange(unitsKey, from, to, signal)));
}

/** All units of a plan, each with its item. */
export async function readUnits(
  store: ObjectStore,
  { unitsKey }: Pick<FanOutPlan, 'unitsKey'>,
  signal: AbortSignal,
): Promise<readonly { readonly work: UnitWork; readonly item: MapItem }[]> {
  const bytes = Buffer.from(await store.get(unitsKey, signal));
  const units: { work: UnitWork; item: MapItem }[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(10, from) + 1;
    const work = unitWork.parse(parse(bytes.subarray(from, to)));
    units.push({ work, item: { unit: units.length, from, to } });
    from = to;
  }
  return units;
}

/** An object of JSON; null where there is none. */
export async function readJson(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<Json | null> {
  try {
    return parse(await store.get(key, signal));
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'not_found') return null;
    throw error;
  }
}

/** Writes an object of JSON unless there is one; false when there is. */
export async function writeJson(
  store: ObjectStore,
  key: string,
  value: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.putNew(key, bytesOf(value), 'application/json', signal);
    return true;
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'file_changed') return false;
    throw error;
  }
}

const parse = (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json;

import type { Json } from '../../shared/json.ts';
import type { MapState } from './definition.ts';
import type { Walk } from './engine.ts';
import { evaluateIn, evaluateInteger } from './stateBindings.ts';
import { StateError } from './stateError.ts';

export interface Item {
  readonly value: Json;
  /** When the items are the members of an object. */
  readonly key?: string;
}

/** `$states.context` of one item. */
export const itemContext = (
  index: number,
  { key, value }: Item,
): Readonly<Record<string, Json>> => ({
  Map: { Item: { Index: index, Value: value, ...(key === undefined ? {} : { Key: key }) } },
});

export const itemsValue = async (walk: Walk, state: MapState): Promise<Json> =>
  state.Items === undefined ? walk.frame.input : await evaluateIn(walk, state.Items, 'Items');

/** An array's elements or an object's members; anything else fails the state. */
export function itemsOf(walk: Walk, value: Json): readonly Item[] {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => ({ value: item }));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).map(([key, item]) => ({ key, value: item }));
  throw new StateError(
    'States.QueryEvaluationError',
    `The items of the state '${walk.frame.state}' must be an array or an object.`,
    'Items',
  );
}

/** 0 means: no limit of its own. */
export const concurrencyOf = async (walk: Walk, state: MapState): Promise<number> =>
  state.MaxConcurrency === undefined
    ? 0
    : await evaluateInteger(walk, state.MaxConcurrency, 'MaxConcurrency', [
        0,
        Number.MAX_SAFE_INTEGER,
      ]);

import type { Json } from '../../shared/json.ts';
import type { MapState } from './definition.ts';
import type { Walk } from './engine.ts';
import { type Branch, runBranches } from './runBranches.ts';
import { evaluateIn, evaluateInteger } from './stateBindings.ts';
import { StateError } from './stateError.ts';
import { addEvent, write } from './walkEvents.ts';

/** AWS runs at most this many iterations of an inline Map at a time. */
const inlineConcurrency = 40;

/** Walks the Map's body once per item and answers the outputs in order. */
export async function performMap(walk: Walk, state: MapState): Promise<Json> {
  const { frame, run } = walk;
  if (frame.scratch === null) {
    const items = itemsOf(walk, await itemsValue(walk, state));
    const concurrency = await concurrencyOf(walk, state);
    const inputs: Json[] = [];
    for (const [index, item] of items.entries())
      inputs.push(
        state.ItemSelector === undefined
          ? item.value
          : await evaluateIn(walk, state.ItemSelector, 'ItemSelector', {
              context: itemContext(index, item),
            }),
      );
    write(walk, () => {
      run.engine.frames.saveScratch(frame, {
        concurrency,
        branches: items.map((item, index) => ({
          input: inputs[index] ?? null,
          context: itemContext(index, item),
        })),
      });
      addEvent(walk, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
    });
  }
  const { concurrency, branches } = frame.scratch as unknown as {
    readonly concurrency: number;
    readonly branches: readonly Omit<Branch, 'flow'>[];
  };
  const iteration = (type: string, index: number): void =>
    void addEvent(walk, `MapIteration${type}`, {
      [`mapIteration${type}EventDetails`]: { name: frame.state, index },
    });
  try {
    const outputs = await runBranches(
      walk,
      branches.map((branch) => ({
        flow: state.ItemProcessor,
        input: branch.input,
        context: { ...walk.context, ...branch.context },
      })),
      Math.min(concurrency || inlineConcurrency, inlineConcurrency),
      {
        started: (index) => iteration('Started', index),
        succeeded: (index) => iteration('Succeeded', index),
        failed: (index) => iteration('Failed', index),
      },
    );
    write(walk, () => addEvent(walk, 'MapStateSucceeded'));
    return outputs;
  } catch (error) {
    if (!walk.signal.aborted) write(walk, () => addEvent(walk, 'MapStateFailed'));
    throw error;
  }
}

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

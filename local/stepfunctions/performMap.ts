import type { Json } from '../../shared/json.ts';
import type { MapState } from './definition.ts';
import type { Walk } from './engine.ts';
import { concurrencyOf, itemContext, itemsOf, itemsValue } from './mapItems.ts';
import { performDistributedMap } from './performDistributedMap.ts';
import { type Branch, runBranches } from './runBranches.ts';
import { evaluateIn } from './stateBindings.ts';
import { addEvent, write } from './walkEvents.ts';

/** AWS runs at most this many iterations of an inline Map at a time. */
const inlineConcurrency = 40;

/** Walks the Map's body once per item and answers the outputs in order. */
export async function performMap(walk: Walk, state: MapState): Promise<Json> {
  if (state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED')
    return await performDistributedMap(walk, state);
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

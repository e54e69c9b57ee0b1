import { setImmediate } from 'node:timers/promises';
import type { Json } from '../../shared/json.ts';
import type { Walk } from './engine.ts';
import { enterState } from './enterState.ts';
import type { Variables } from './frames.ts';
import { runState } from './runState.ts';
import { addEvent, dataOf, write } from './walkEvents.ts';

/**
 * Walks a flow from where its frame stands to its end and answers its output. `end` is called in the
 * transaction that writes the last state's exit and MUST store the output.
 * Rejects with StateError when a state failed for good, with Interrupted when the walk was.
 */
export async function runFlow(walk: Walk, end: (output: Json) => void): Promise<Json> {
  const { frame, flow, run } = walk;
  for (;;) {
    const state = flow.States[frame.state];
    if (!state) throw new Error(`there is no state ${frame.state}`);
    const exit = await runState(walk, state);
    const { next } = exit;
    const variables = { ...frame.variables, ...exit.assign };
    write(walk, () => {
      addEvent(walk, `${state.Type}StateExited`, {
        stateExitedEventDetails: {
          name: frame.state,
          ...dataOf('output', exit.output),
          ...assigned(exit.assign),
        },
      });
      if (next === null) return end(exit.output);
      return run.engine.frames.enter(frame, enterState(walk, next, exit.output, variables));
    });
    if (next === null) return exit.output;
    // States that wait for nothing would otherwise keep everything else in this process from running.
    await setImmediate();
  }
}

const assigned = (assign: Variables): Readonly<Record<string, Json>> =>
  Object.keys(assign).length === 0
    ? {}
    : {
        assignedVariables: Object.fromEntries(
          Object.entries(assign).map(([name, value]) => [name, JSON.stringify(value)]),
        ),
        assignedVariablesDetails: { truncated: false },
      };

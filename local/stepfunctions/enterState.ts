import type { Json } from '../../shared/json.ts';
import type { Flow } from './definition.ts';
import type { Walk } from './engine.ts';
import type { Entry, Variables } from './frames.ts';
import { addEvent, dataOf } from './walkEvents.ts';

/** Writes the event of entering a state, and answers what the frame becomes. */
export function enterState(walk: Walk, state: string, input: Json, variables: Variables): Entry {
  const type = stateTypeIn(walk.flow, state);
  const enteredEvent = addEvent(walk, `${type}StateEntered`, {
    stateEnteredEventDetails: { name: state, ...dataOf('input', input) },
  });
  return {
    state,
    input,
    variables,
    enteredAt: walk.run.engine.now(),
    enteredEvent,
    previousEvent: enteredEvent,
  };
}

function stateTypeIn(flow: Flow, name: string): string {
  const state = flow.States[name];
  if (!state) throw new Error(`there is no state ${name}`);
  return state.Type;
}

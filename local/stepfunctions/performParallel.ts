import type { Json } from '../../shared/json.ts';
import type { ParallelState } from './definition.ts';
import type { Walk } from './engine.ts';
import { runBranches } from './runBranches.ts';
import { evaluateIn } from './stateBindings.ts';
import { addEvent, write } from './walkEvents.ts';

/** Walks all branches at once and answers their outputs in order. */
export async function performParallel(walk: Walk, state: ParallelState): Promise<Json> {
  const { frame, run } = walk;
  if (frame.scratch === null) {
    const input =
      state.Arguments === undefined
        ? frame.input
        : await evaluateIn(walk, state.Arguments, 'Arguments');
    write(walk, () => {
      run.engine.frames.saveScratch(frame, { input });
      addEvent(walk, 'ParallelStateStarted');
    });
  }
  const { input = null } = frame.scratch as { readonly input?: Json };
  const { context } = walk;
  const branches = state.Branches.map((flow) => ({ flow, input, context }));
  try {
    const outputs = await runBranches(walk, branches, branches.length);
    write(walk, () => addEvent(walk, 'ParallelStateSucceeded'));
    return outputs;
  } catch (error) {
    if (!walk.signal.aborted) write(walk, () => addEvent(walk, 'ParallelStateFailed'));
    throw error;
  }
}

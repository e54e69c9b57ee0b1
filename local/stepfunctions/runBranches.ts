import type { Json } from '../../shared/json.ts';
import type { Flow } from './definition.ts';
import { writeAborted } from './endExecution.ts';
import type { Walk } from './engine.ts';
import { enterState } from './enterState.ts';
import type { Frame } from './frames.ts';
import { Interrupted } from './stateError.ts';
import { write } from './walkEvents.ts';

export interface Branch {
  readonly flow: Flow;
  readonly input: Json;
  /** What its `$states.context` has besides. */
  readonly context: Readonly<Record<string, Json>>;
}

export interface BranchEvents {
  /** Called in the transaction that starts a branch. */
  started?(index: number): void;
  /** Called in the transaction that ends it. */
  succeeded?(index: number): void;
  failed?(index: number): void;
}

/**
 * Walks branches, at most `width` at a time, and answers their outputs in order. What a restart finds
 * done stays done. The first that fails interrupts the others and is what the promise rejects with.
 */
export async function runBranches(
  walk: Walk,
  branches: readonly Branch[],
  width: number,
  events: BranchEvents = {},
): Promise<readonly Json[]> {
  const { frames } = walk.run.engine;
  const outputs = new Array<Json>(branches.length);
  const stored = new Map(frames.children(walk.frame.id).map((frame) => [frame.branch, frame]));
  const siblings = new AbortController();
  const signal = AbortSignal.any([walk.signal, siblings.signal]);
  const outer = { ...walk.outer, ...walk.frame.variables };
  let failure: { readonly error: unknown } | null = null;
  let next = 0;

  const runOne = async (index: number, branch: Branch): Promise<Json> => {
    const known = stored.get(index);
    if (known?.done) return known.output;
    const inner = { ...walk, flow: branch.flow, outer, signal, context: branch.context };
    const frame =
      known ??
      write(walk, () => {
        events.started?.(index);
        return openBranch(walk, branch, index);
      });
    const branchWalk: Walk = { ...inner, frame };
    return await walk.run.engine.walk(branchWalk, (output) => {
      frames.finish(frame, output);
      events.succeeded?.(index);
    });
  };

  const worker = async (): Promise<void> => {
    while (next < branches.length && !signal.aborted) {
      const index = next++;
      const branch = branches[index];
      if (!branch) return;
      try {
        outputs[index] = await runOne(index, branch);
      } catch (error) {
        if (failure !== null || walk.signal.aborted) return;
        failure = { error };
        siblings.abort(new Interrupted('sibling'));
        write(walk, () => {
          events.failed?.(index);
          for (const other of frames.children(walk.frame.id)) {
            const flow = branches[other.branch]?.flow;
            if (flow && !other.done && other.branch !== index)
              writeAborted(walk.run.engine, flow, [other]);
          }
        });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, branches.length) }, worker));
  walk.signal.throwIfAborted();
  const failed = failure as { readonly error: unknown } | null;
  if (failed) throw failed.error;
  return outputs;
}

/** Makes the frame of a branch, with the event of entering its first state. */
function openBranch(walk: Walk, branch: Branch, index: number): Frame {
  const { run, frame } = walk;
  const place = { executionArn: run.execution.arn, parentId: frame.id, branch: index };
  const stub: Walk = { ...walk, flow: branch.flow, frame: { ...frame } };
  return run.engine.frames.add(place, enterState(stub, branch.flow.StartAt, branch.input, {}));
}

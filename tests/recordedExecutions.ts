import type { Executions } from '../shared/runs/executions.ts';
import type { ExecutionInput } from '../shared/runs/ingestProtocol.ts';

export interface RecordedExecutions extends Executions {
  readonly started: ExecutionInput[];
  readonly stopped: string[];
  /** What `describe` answers; 'running' for a started run that is not in here. */
  readonly ended: Set<string>;
}

/** Executions that only remember what was asked of them; a second start of a name is none. */
export function recordedExecutions(): RecordedExecutions {
  const started: ExecutionInput[] = [];
  const stopped: string[] = [];
  const ended = new Set<string>();
  const isStarted = (runId: string): boolean => started.some((input) => input.runId === runId);
  return {
    started,
    stopped,
    ended,
    start: async (input) => {
      if (!isStarted(input.runId)) started.push(input);
    },
    stop: async (runId) => {
      stopped.push(runId);
      ended.add(runId);
    },
    describe: async (runId) =>
      !isStarted(runId) ? 'missing' : ended.has(runId) ? 'ended' : 'running',
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { Json } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Definition, Flow } from './definition.ts';
import type { Execution, Executions, NewExecution } from './executions.ts';
import type { Frame, Frames, Variables } from './frames.ts';
import type { History } from './history.ts';
import type { Machines } from './machines.ts';
import type { MapRuns } from './mapRuns.ts';
import type { MapStorage } from './mapStorage.ts';

export interface TaskContext {
  readonly signal: AbortSignal;
  readonly executionArn: string;
  readonly stateName: string;
}

/**
 * Calls what a Task's Resource names, with its evaluated Arguments. Rejects with StateError; any other
 * error fails the state under its own name.
 */
export type Integration = (args: Json, context: TaskContext) => Promise<Json>;

/** What all executions of one Step Functions share. */
export interface Engine {
  readonly database: DatabaseSync;
  readonly machines: Machines;
  readonly executions: Executions;
  readonly frames: Frames;
  readonly history: History;
  readonly mapRuns: MapRuns;
  /** The integration a Resource names, or null. */
  integration(resource: string): Integration | null;
  /** Null when distributed Maps have nowhere to read from and write to. */
  readonly mapStorage: MapStorage | null;
  /** Children of one distributed Map that run at a time. */
  readonly mostMapChildren: number;
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
  /** `runExecution`; a distributed Map runs its children with it. */
  execute(execution: Execution, controller: AbortController): Promise<void>;
  /** Stores a new execution at its first state. */
  begin(execution: NewExecution): Execution;
  /** `runFlow`; Parallel and Map walk their branches with it. */
  walk(walk: Walk, end: (output: Json) => void): Promise<Json>;
  /** Called after an execution's status was stored. */
  changed(executionArn: string): void;
  readonly log: Log | undefined;
}

/** One running execution. */
export interface Run {
  readonly engine: Engine;
  readonly execution: Execution;
  readonly definition: Definition;
  readonly input: Json;
  /** Name and start of the machine, as `$states.context` shows them. */
  readonly context: Readonly<Record<string, Json>>;
}

/** One flow of a running execution: the machine itself, a Parallel branch, a Map iteration. */
export interface Walk {
  readonly run: Run;
  readonly flow: Flow;
  readonly frame: Frame;
  /** Variables of the flows around this one. */
  readonly outer: Variables;
  /** What `$states.context` has besides, in a Map iteration. */
  readonly context: Readonly<Record<string, Json>>;
  /** Aborts with an Interrupted. */
  readonly signal: AbortSignal;
}

import type { Json } from '../../shared/json.ts';

/** JSON in which any string may be a JSONata expression, `{% … %}`. */
export type Template = Json;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number | undefined;
  readonly MaxAttempts?: number | undefined;
  readonly BackoffRate?: number | undefined;
  readonly MaxDelaySeconds?: number | undefined;
  readonly JitterStrategy?: 'FULL' | 'NONE' | undefined;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly Output?: Template | undefined;
  readonly Assign?: Readonly<Record<string, Template>> | undefined;
}

interface AnyState {
  readonly Output?: Template | undefined;
  readonly Assign?: Readonly<Record<string, Template>> | undefined;
  /** Exactly one of `Next` and `End`, in states that go on. */
  readonly Next?: string | undefined;
  readonly End?: true | undefined;
}

interface Catching {
  readonly Retry?: readonly Retrier[] | undefined;
  readonly Catch?: readonly Catcher[] | undefined;
}

export interface TaskState extends AnyState, Catching {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments?: Template | undefined;
  readonly TimeoutSeconds?: number | string | undefined;
}

export interface ChoiceState extends AnyState {
  readonly Type: 'Choice';
  readonly Choices: readonly {
    readonly Condition: string | boolean;
    readonly Next: string;
    readonly Output?: Template | undefined;
    readonly Assign?: Readonly<Record<string, Template>> | undefined;
  }[];
  readonly Default?: string | undefined;
}

export interface WaitState extends AnyState {
  readonly Type: 'Wait';
  readonly Seconds?: number | string | undefined;
  readonly Timestamp?: string | undefined;
}

export interface PassState extends AnyState {
  readonly Type: 'Pass';
}

export interface SucceedState extends AnyState {
  readonly Type: 'Succeed';
}

export interface FailState extends AnyState {
  readonly Type: 'Fail';
  readonly Error?: string | undefined;
  readonly Cause?: string | undefined;
}

export interface ParallelState extends AnyState, Catching {
  readonly Type: 'Parallel';
  readonly Arguments?: Template | undefined;
  readonly Branches: readonly Flow[];
}

export interface ItemReader {
  readonly Resource: string;
  readonly Arguments: Template;
  readonly ReaderConfig?:
    | {
        readonly InputType?: 'JSON' | 'JSONL' | undefined;
        readonly MaxItems?: number | string | undefined;
        readonly ItemsPointer?: string | undefined;
      }
    | undefined;
}

export interface ItemBatcher {
  readonly MaxItemsPerBatch?: number | string | undefined;
  readonly MaxInputBytesPerBatch?: number | string | undefined;
  readonly BatchInput?: Template | undefined;
}

export interface ResultWriter {
  readonly Resource?: string | undefined;
  readonly Arguments?: Template | undefined;
  readonly WriterConfig?:
    | {
        readonly OutputType?: 'JSON' | 'JSONL' | undefined;
        readonly Transformation?: 'NONE' | 'COMPACT' | 'FLATTEN' | undefined;
      }
    | undefined;
}

export interface MapState extends AnyState, Catching {
  readonly Type: 'Map';
  readonly Items?: Template | undefined;
  readonly ItemReader?: ItemReader | undefined;
  readonly ItemSelector?: Template | undefined;
  readonly ItemBatcher?: ItemBatcher | undefined;
  readonly ItemProcessor: Flow & {
    readonly ProcessorConfig?:
      | {
          readonly Mode?: 'INLINE' | 'DISTRIBUTED' | undefined;
          readonly ExecutionType?: 'STANDARD' | undefined;
        }
      | undefined;
  };
  readonly MaxConcurrency?: number | string | undefined;
  readonly ToleratedFailureCount?: number | string | undefined;
  readonly ToleratedFailurePercentage?: number | string | undefined;
  readonly ResultWriter?: ResultWriter | undefined;
  readonly Label?: string | undefined;
}

export type State =
  | TaskState
  | ChoiceState
  | WaitState
  | PassState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

/** States that belong together: a machine, a branch of a Parallel, the body of a Map. */
export interface Flow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Definition extends Flow {
  readonly TimeoutSeconds?: number | undefined;
}

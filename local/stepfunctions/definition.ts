import * as z from 'zod';
import { type Json, json } from '../../shared/json.ts';

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
        readonly InputType?: 'JSON' | 'JSONL' | 'CSV' | undefined;
        readonly MaxItems?: number | string | undefined;
        readonly CSVDelimiter?: 'COMMA' | 'PIPE' | 'SEMICOLON' | 'SPACE' | 'TAB' | undefined;
        readonly CSVHeaderLocation?: 'FIRST_ROW' | 'GIVEN' | undefined;
        readonly CSVHeaders?: readonly string[] | undefined;
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
          readonly ExecutionType?: 'STANDARD' | 'EXPRESS' | undefined;
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

const comment = z.string().optional();
const language = z.literal('JSONata').optional();
const expression = z.string().regex(/^\{%[\s\S]*%\}$/);
/** AWS: letters, digits and underscores, 80 at most; `$states` is taken. */
const assign = z
  .record(
    z
      .string()
      .max(80)
      .regex(/^(?!states$)[\p{L}_][\p{L}\p{N}_]*$/u),
    json,
  )
  .optional();
const count = z.union([z.int().nonnegative(), expression]).optional();
const stateName = z.string().min(1).max(80);

const step = {
  Comment: comment,
  QueryLanguage: language,
  Output: json.optional(),
  Assign: assign,
};
const goesOn = { ...step, Next: stateName.optional(), End: z.literal(true).optional() };

const errorNames = z
  .array(z.string().min(1))
  .min(1)
  .refine((names) => names.length === 1 || !names.includes('States.ALL'), {
    error: 'States.ALL must be the only name',
  });

const retrier = z.strictObject({
  Comment: comment,
  ErrorEquals: errorNames,
  IntervalSeconds: z.int().positive().optional(),
  MaxAttempts: z.int().nonnegative().max(99_999_999).optional(),
  BackoffRate: z.number().min(1).optional(),
  MaxDelaySeconds: z.int().positive().max(31_622_400).optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
});

const catcher = z.strictObject({
  Comment: comment,
  ErrorEquals: errorNames,
  Next: stateName,
  Output: json.optional(),
  Assign: assign,
});

const wildcardLast = <Handler extends { readonly ErrorEquals: readonly string[] }>(
  schema: z.ZodType<Handler>,
): z.ZodOptional<z.ZodArray<z.ZodType<Handler>>> =>
  z
    .array(schema)
    .refine(
      (handlers) =>
        handlers.slice(0, -1).every(({ ErrorEquals }) => !ErrorEquals.includes('States.ALL')),
      { error: 'States.ALL must come last' },
    )
    .optional();
const catching = { Retry: wildcardLast(retrier), Catch: wildcardLast(catcher) };

const itemReader = z.strictObject({
  Resource: z.string(),
  Arguments: json,
  ReaderConfig: z
    .strictObject({
      InputType: z.enum(['JSON', 'JSONL', 'CSV']).optional(),
      MaxItems: count,
      CSVDelimiter: z.enum(['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB']).optional(),
      CSVHeaderLocation: z.enum(['FIRST_ROW', 'GIVEN']).optional(),
      CSVHeaders: z.array(z.string()).optional(),
      ItemsPointer: z.string().startsWith('/').optional(),
    })
    .optional(),
});

const resultWriter = z.strictObject({
  Resource: z.string().optional(),
  Arguments: json.optional(),
  WriterConfig: z
    .strictObject({
      OutputType: z.enum(['JSON', 'JSONL']).optional(),
      Transformation: z.enum(['NONE', 'COMPACT', 'FLATTEN']).optional(),
    })
    .optional(),
});

const flowShape = {
  Comment: comment,
  QueryLanguage: language,
  StartAt: stateName,
  get States(): z.ZodType<Readonly<Record<string, State>>> {
    return z.record(stateName, state);
  },
};

const state: z.ZodType<State> = z.lazy(() =>
  z.discriminatedUnion('Type', [
    z.strictObject({
      Type: z.literal('Task'),
      ...goesOn,
      ...catching,
      Resource: z.string().startsWith('arn:aws'),
      Arguments: json.optional(),
      TimeoutSeconds: z.union([z.int().positive(), expression]).optional(),
    }),
    z.strictObject({
      Type: z.literal('Choice'),
      ...step,
      Choices: z
        .array(
          z.strictObject({
            Comment: comment,
            Condition: z.union([z.boolean(), expression]),
            Next: stateName,
            Output: json.optional(),
            Assign: assign,
          }),
        )
        .min(1),
      Default: stateName.optional(),
    }),
    z
      .strictObject({
        Type: z.literal('Wait'),
        ...goesOn,
        Seconds: z.union([z.int().nonnegative().max(99_999_999), expression]).optional(),
        Timestamp: z.union([z.iso.datetime({ offset: true }), expression]).optional(),
      })
      .refine((wait) => (wait.Seconds === undefined) !== (wait.Timestamp === undefined), {
        error: 'needs either Seconds or Timestamp',
      }),
    z.strictObject({ Type: z.literal('Pass'), ...goesOn }),
    z.strictObject({ Type: z.literal('Succeed'), ...step }),
    z.strictObject({
      Type: z.literal('Fail'),
      Comment: comment,
      QueryLanguage: language,
      Error: z.string().optional(),
      Cause: z.string().optional(),
    }),
    z.strictObject({
      Type: z.literal('Parallel'),
      ...goesOn,
      ...catching,
      Arguments: json.optional(),
      Branches: z.array(z.strictObject(flowShape)).min(1),
    }),
    z.strictObject({
      Type: z.literal('Map'),
      ...goesOn,
      ...catching,
      Items: z.union([z.array(json), z.record(z.string(), json), expression]).optional(),
      ItemReader: itemReader.optional(),
      ItemSelector: json.optional(),
      ItemBatcher: z
        .strictObject({
          MaxItemsPerBatch: count,
          MaxInputBytesPerBatch: count,
          BatchInput: json.optional(),
        })
        .optional(),
      ItemProcessor: z.strictObject({
        ...flowShape,
        ProcessorConfig: z
          .strictObject({
            Mode: z.enum(['INLINE', 'DISTRIBUTED']).optional(),
            ExecutionType: z.enum(['STANDARD', 'EXPRESS']).optional(),
          })
          .optional(),
      }),
      MaxConcurrency: count,
      ToleratedFailureCount: count,
      ToleratedFailurePercentage: z.union([z.number().min(0).max(100), expression]).optional(),
      ResultWriter: resultWriter.optional(),
      Label: z.string().min(1).max(40).optional(),
    }),
  ]),
);

/**
 * A state machine in Amazon States Language, JSONata only. A field that the interpreter does not know is
 * refused, so that nothing is silently ignored which AWS would obey.
 * https://states-language.net/spec.html
 */
export const definitionSchema: z.ZodType<Definition> = z.strictObject({
  ...flowShape,
  QueryLanguage: z.literal('JSONata'),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.int().positive().max(99_999_999).optional(),
});

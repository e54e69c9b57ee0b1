import * as z from 'zod';
import { json } from '../../shared/json.ts';
import type { Definition, State } from './definition.ts';

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
      InputType: z.enum(['JSON', 'JSONL']).optional(),
      MaxItems: count,
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
            ExecutionType: z.literal('STANDARD').optional(),
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

import * as z from 'zod';
import { errorCodes } from '../errors.ts';
import { json } from '../json.ts';
import { columnType } from '../lake/schema.ts';
import { syncMode } from './sourceItem.ts';

const refused = z.strictObject({
  ok: z.literal(false),
  code: z.enum(errorCodes),
  message: z.string(),
});

/** First records of a stream. */
export const streamSample = z.strictObject({
  stream: z.string(),
  records: z.array(z.record(z.string(), json)),
});

/** What a connector's function answers to `op: 'check'`: the connector's own CheckResult. */
export const checkAnswer = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    message: z.string(),
    sample: z.array(streamSample).optional(),
  }),
  refused,
]);
export type CheckAnswer = z.infer<typeof checkAnswer>;

/**
 * What it answers to `op: 'discover'`: StreamDescriptions, or why there are none. A HeadgateError is answered as
 * a value too, because Lambda hands on a thrown error's name and message but not its code.
 */
export const discoverAnswer = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    streams: z.array(
      z.strictObject({
        name: z.string(),
        columns: z
          .array(
            z.strictObject({
              name: z.string(),
              type: columnType,
              nativeType: z.string().optional(),
            }),
          )
          .nullable(),
        primaryKey: z.array(z.string()),
        cursorFields: z.array(z.string()),
        modes: z.array(syncMode),
        captures: z.enum(['inserts', 'changes', 'snapshot']),
        deletes: z.enum(['tombstone', 'flag', 'none']),
        ordered: z.boolean(),
        timeZone: z.string(),
        supportsDateRange: z.boolean(),
        upserts: z.boolean().optional(),
        repeats: z.boolean().optional(),
        notes: z.array(z.string()).optional(),
      }),
    ),
  }),
  refused,
]);
export type DiscoverAnswer = z.infer<typeof discoverAnswer>;

import * as z from 'zod';
import { errorCodes } from '../../errors.ts';

/** RFC 9457. Members beyond the listed ones are facts about this failure, e.g. `current` or `runId`. */
export const problem = z
  .looseObject({
    type: z.string().describe('`/problems/<code>`, or `about:blank`.'),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().describe('RFC 6901 pointer as a fragment: `#/schedule/cron`.'),
          detail: z.string(),
        }),
      )
      .optional(),
    retryAfterSeconds: z.int().nonnegative().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

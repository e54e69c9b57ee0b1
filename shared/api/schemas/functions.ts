import * as z from 'zod';

export const functionReport = z
  .strictObject({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    invocations: z.int().nonnegative().describe('Of all functions.'),
    failing: z
      .array(
        z.strictObject({
          name: z.string().describe('Without the prefix of the stage.'),
          invocations: z.int().nonnegative(),
          failures: z.int().positive(),
        }),
      )
      .describe('Functions that failed at least once, the worst first.'),
  })
  .meta({ id: 'FunctionReport' });

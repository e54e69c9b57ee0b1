import * as z from 'zod';
import { HeadgateError } from '../../errors.ts';
import type { RestAnswer } from './restClient.ts';

/** The body of an answer as a hook needs it. Throws `source_answer_invalid`, which tells of names and types only. */
export function parseAnswer<Shape>(schema: z.ZodType<Shape>, { body, url }: RestAnswer): Shape {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HeadgateError(
    'source_answer_invalid',
    `${url.origin}${url.pathname} answered something unexpected: ${z.prettifyError(parsed.error)}`,
  );
}

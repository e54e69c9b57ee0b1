import * as z from 'zod';
import type { ColumnType } from '../../shared/lake/schema.ts';
import { parameter, path, secretOrText, timeFormat } from './values.ts';

const requestPath = z
  .string()
  .max(1_000)
  .regex(/^\/[^?#\\\s]*$/, 'begins with / and has no query: parameters go into "query"')
  .refine((text) => !text.split('/').includes('..'), 'leads out of the base address');

const pagesTo = { to: parameter };

const paging = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('token'),
    next: path.describe('Where the answer has the next page’s token.'),
    ...pagesTo,
    more: path.optional().describe('Where it says whether there is a next page.'),
  }),
  z.strictObject({ kind: z.literal('nextUrl'), next: path }),
  z.strictObject({ kind: z.literal('linkHeader') }),
  z.strictObject({ kind: z.literal('offset'), ...pagesTo }),
  z.strictObject({ kind: z.literal('page'), ...pagesTo, first: z.int().min(0).default(1) }),
  z.strictObject({
    kind: z.literal('lastKey'),
    key: path.describe('Field of the last record that the next page comes after.'),
    ...pagesTo,
    more: path.optional(),
  }),
]);

const types =
  /^(boolean|int|long|float|double|date|timestamp|timestamptz|string|decimal\(([1-9]|[12]\d|3[0-8]), ?([0-9]|[12]\d|3[0-8])\))$/;
const columnType = z
  .string()
  .regex(
    types,
    'boolean, int, long, float, double, decimal(<digits>, <scale>), date, timestamp, timestamptz or string',
  )
  .transform((type) => type.replace(/, ?/, ', ') as ColumnType);

const column = z.strictObject({
  name: z.string().min(1).max(200),
  type: columnType,
  from: path.optional().describe('Where the record has it. Left out: a field of the same name.'),
  format: z.enum(['epochSeconds', 'epochMilliseconds']).optional(),
});

const cursor = z.strictObject({
  field: path.describe('The time in a record by which changes are found.'),
  format: timeFormat.default('iso'),
  from: parameter.describe('Takes the lower end of the window, inclusive.'),
  to: parameter.optional().describe('Takes the upper end, exclusive.'),
  order: z.enum(['ascending', 'descending', 'none']).default('none'),
  lagSeconds: z.int().min(0).max(86_400).default(60),
  overlapSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(300),
});

/** One list of records. */
export const streamSettings = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_ .-]{0,99}$/, 'letters, digits, and _ . - between them'),
  path: requestPath,
  method: z.enum(['GET', 'POST']).default('GET'),
  query: z.record(z.string().min(1).max(200), secretOrText).default({}),
  body: z.record(z.string(), z.json()).optional(),
  records: path.default('').describe('Where the answer has its list of records; empty: it is one.'),
  leavesOutEmpty: z.boolean().default(false),
  paging: paging.default({ kind: 'none' }),
  pageSize: z.strictObject({ to: parameter, records: z.int().min(1).max(100_000) }).optional(),
  primaryKey: z.array(z.string().min(1).max(200)).max(10).default([]),
  columns: z.array(column).min(1).max(500).optional(),
  cursor: cursor.optional(),
  parent: z
    .strictObject({
      stream: z.string(),
      key: path.describe('Field of the parent record; stands for {parent} in the path.'),
      column: z.string().min(1).max(200).describe('Column of this stream that holds it.'),
    })
    .optional(),
});
export type StreamSettings = z.infer<typeof streamSettings>;

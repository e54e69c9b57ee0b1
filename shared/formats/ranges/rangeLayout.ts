import * as z from 'zod';
import type { SurveyedColumn } from '../tabularFile.ts';

const count = z.int().nonnegative();
const character = z.string().max(1);

/** What is known of a column, as it is handed from one function to another. */
export const surveyedColumn: z.ZodType<SurveyedColumn> = z.strictObject({
  name: z.string(),
  evidence: z.strictObject({
    kinds: count,
    integerDigits: count,
    scale: count,
    significantDigits: count,
    exponentDigits: count,
    empties: count,
    emptyQuoted: count,
    blanks: count,
  }),
});

/** In words. */
const detected = z.string();

/**
 * How every stretch of one text file is read: detected once, from its beginning. Its bytes are UTF-8, or of an
 * encoding with one byte for each character.
 */
export const rangeLayout = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('csv'),
    encoding: z.enum(['utf-8', 'windows-1252', 'latin-1']),
    dialect: z.strictObject({
      delimiter: character,
      quote: character,
      quoteEscape: character,
    }),
    columns: z.array(z.string()),
    /** What stands above the header; rejected with the first stretch. */
    preamble: z.array(
      z.strictObject({
        text: z.string(),
        line: z.int(),
        column: z.string().nullable(),
        reason: z.string(),
      }),
    ),
    detected,
    survey: z.array(surveyedColumn),
  }),
  /** Keys may come anywhere, and columns depend on what is done to nested ones: each stretch is looked at itself. */
  z.strictObject({
    format: z.literal('jsonl'),
    encoding: z.enum(['utf-8', 'windows-1252', 'latin-1']),
    detected,
  }),
]);
export type RangeLayout = z.infer<typeof rangeLayout>;

/** A text file that can be cut: where its rows begin. */
export interface RangedText {
  readonly layout: RangeLayout;
  /** The first byte of the first row, and its 1-based line. */
  readonly dataByte: number;
  readonly firstLine: number;
}

import type { Json } from '../../json.ts';

/** A number of so many digits that a double may round it, with what JSON puts before it. */
const longNumber = /[[:,\s]-?(?=[\d.]{16})(\d+(?:\.\d+)?)(?![\d.eE])/g;

/** TypeScript's library does not know the third argument yet. https://github.com/tc39/proposal-json-parse-with-source */
type ReviverWithSource = (name: string, value: unknown, context: { source?: string }) => unknown;

const keepNumbers: ReviverWithSource = (_name, value, { source }) =>
  typeof value !== 'number' || source === undefined || isExact(source, value) ? value : source;

/**
 * JSON whose numbers survive: one that a double would round comes as its text. Loaders read a number's text in a column
 * of numbers like the number. Throws SyntaxError.
 */
export const parseJson = (text: string): Json =>
  (isRounded(text)
    ? JSON.parse(text, keepNumbers as (name: string, value: unknown) => unknown)
    : JSON.parse(text)) as Json;

/** Whether any number would be rounded. What looks like one inside a text only costs time: a reviver is slow. */
function isRounded(text: string): boolean {
  for (const [, digits = ''] of text.matchAll(longNumber))
    if (!isExact(digits, Number(digits))) return true;
  return false;
}

/** Whether the shortest text of the double is the number that was written. */
function isExact(source: string, value: number): boolean {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value);
  if (/e/i.test(source)) return true;
  return source.replace(/\.?0+$/, '') === String(value);
}

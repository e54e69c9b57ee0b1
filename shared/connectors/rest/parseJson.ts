import type { Json } from '../../json.ts';

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

/** A number of fewer digits and points is the same as a double. */
const longNumber = 16;

/**
 * Whether any number would be rounded. What looks like one inside a text only costs time: a reviver is slow. Of the
 * characters of a long number one is at a multiple of its length, so that few have to be looked at.
 */
function isRounded(text: string): boolean {
  for (let at = longNumber - 1; at < text.length; at += longNumber) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && isDigitOrPoint(text.charCodeAt(from - 1))) from--;
    let to = at + 1;
    while (to < text.length && isDigitOrPoint(text.charCodeAt(to))) to++;
    if (to - from >= longNumber && isNumber(text, from, to)) {
      const digits = text.slice(from, to);
      const value = Number(digits);
      if (!Number.isNaN(value) && !isExact(digits, value)) return true;
    }
    // The next one to look at lies behind it.
    at += Math.floor((to - 1 - at) / longNumber) * longNumber;
  }
  return false;
}

const point = 0x2e;
const isDigitOrPoint = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === point;

/** Whether what stands around digits can stand around a number without exponent; a text's own digits may look so, too. */
function isNumber(text: string, from: number, to: number): boolean {
  const before = text.charAt(text.charAt(from - 1) === '-' ? from - 2 : from - 1);
  const after = text.charAt(to);
  return after !== 'e' && after !== 'E' && (before === '' || /[[:,\s]/.test(before));
}

/** Whether the shortest text of the double is the number that was written. */
function isExact(source: string, value: number): boolean {
  // What programs print of a double comes as it is.
  if (source.includes('.') && source === String(value)) return true;
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value);
  if (/e/i.test(source)) return true;
  return source.replace(/\.?0+$/, '') === String(value);
}

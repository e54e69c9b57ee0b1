import type { SqlColumn } from './sqlDialect.ts';

/** How far below the last cursor value a read begins again. */
export interface Overlap {
  /** Of a cursor that is a time; whole days of one that is a day. */
  readonly seconds: number;
  /** Of a cursor that is a number. */
  readonly values: number;
}

const timePattern =
  /^(\d{4,6})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?)?(Z|[+-]\d{2}(?::?\d{2}){0,2})?$/;
const secondsPerDay = 86_400n;
/** The least of the smallest type that counts: what lies below may be no value of the column's type. */
const leastNumber = -32_768n;

/** No bound at all. */
export const lowest = 'lowest';

interface Time {
  /** As if the text were UTC. */
  readonly localSeconds: bigint;
  /** With its point; empty where there is none. */
  readonly fraction: string;
  /** As written; empty where there is none. */
  readonly offset: string;
  readonly hasClock: boolean;
}

/** A cursor value as a whole number that orders as the database does; null where the text is none. */
export function ordinalOf(value: string, column: Pick<SqlColumn, 'cursor'>): bigint | null {
  if (column.cursor === 'number') return /^-?\d+$/.test(value) ? BigInt(value) : null;
  const time = parseTime(value);
  if (time === null) return null;
  const nanoseconds = BigInt(time.fraction.slice(1).padEnd(9, '0'));
  return (time.localSeconds - offsetSeconds(time.offset)) * 1_000_000_000n + nanoseconds;
}

/** Whether the first value lies above the second; null where a text is no value of the column. */
export function isAbove(
  value: string,
  other: string,
  column: Pick<SqlColumn, 'cursor'>,
): boolean | null {
  const [left, right] = [ordinalOf(value, column), ordinalOf(other, column)];
  return left === null || right === null ? null : left > right;
}

/**
 * The value an overlap below another, in the same spelling; `lowest` where the column may hold nothing that small.
 * null where the text is no value of the column.
 */
export function lessOverlap(
  value: string,
  column: Pick<SqlColumn, 'cursor'>,
  overlap: Overlap,
): string | null {
  if (column.cursor === 'number') {
    const last = ordinalOf(value, column);
    if (last === null) return null;
    const lower = last - BigInt(overlap.values);
    return overlap.values > 0 && lower < leastNumber ? lowest : `${lower}`;
  }
  const time = parseTime(value);
  if (time === null) return null;
  // A day that is read is over: a row that joins it late has that day or an earlier one.
  const back =
    column.cursor === 'day'
      ? (BigInt(overlap.seconds) / secondsPerDay) * secondsPerDay
      : BigInt(overlap.seconds);
  const lower = formatSeconds(time.localSeconds - back, time.hasClock);
  return lower === null ? lowest : `${lower}${time.fraction}${time.offset}`;
}

/** A time without a zone, in whole seconds as if it were UTC; null for what is none. */
export function localSecondsOf(value: string): number | null {
  const time = parseTime(value);
  return time === null || time.offset !== '' ? null : Number(time.localSeconds);
}

/** `2024-10-27 02:00:00`, or the date alone; null outside the years 1 to 9999. */
export function formatSeconds(localSeconds: bigint, hasClock: boolean): string | null {
  const date = new Date(Number(localSeconds) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9_999)) return null;
  const text = date.toISOString();
  return hasClock ? text.slice(0, 19).replace('T', ' ') : text.slice(0, 10);
}

function parseTime(text: string): Time | null {
  const match = timePattern.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part));
  // Not Date.UTC, which takes the year 24 for 1924.
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 1) - 1, day ?? 1);
  date.setUTCHours(hour || 0, minute || 0, second || 0);
  const milliseconds = date.getTime();
  if (!Number.isFinite(milliseconds)) return null;
  return {
    localSeconds: BigInt(milliseconds / 1000),
    fraction: match[7] ?? '',
    offset: match[8] ?? '',
    hasClock: match[4] !== undefined,
  };
}

function offsetSeconds(offset: string): bigint {
  if (offset === '' || offset === 'Z') return 0n;
  const digits = offset.slice(1).replaceAll(':', '').padEnd(6, '0');
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2)));
  const total = BigInt((hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0));
  return offset.startsWith('-') ? -total : total;
}

import { HeadgateError } from '../../errors.ts';
import type { SqlColumn } from './sqlDialect.ts';

/**
 * `2024-05-01 12:00:00.123456` in UTC as local time of an IANA zone. Computed here, because a server knows zones
 * by name only when somebody has loaded their tables.
 */
export function localTime(utc: string, timeZone: string): string {
  const instant = new Date(`${utc.slice(0, 19).replace(' ', 'T')}Z`);
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    calendar: 'iso8601',
    numberingSystem: 'latn',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  }).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((candidate) => candidate.type === type)?.value ?? '';
  const date = `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
  return `${date} ${part('hour')}:${part('minute')}:${part('second')}${utc.slice(19)}`;
}

const pattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d{1,6})?\d*)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * One end of a requested range as the text of a value of a time or day column: UTC for `timestamptz`, local time of
 * the zone for `timestamp` and days. Throws `invalid_config` for what is no date: MySQL would take it for NULL and
 * find no row.
 */
export function rangeEnd(
  value: string,
  column: Pick<SqlColumn, 'type' | 'cursor'>,
  timeZone: string,
): string {
  const [, day, time = '00:00', seconds = '00', fraction = '', offset] = pattern.exec(value) ?? [];
  const local = `${day} ${time}:${seconds}${fraction}`;
  const asUtc = new Date(`${day}T${time}:${seconds}Z`);
  // Not rolled over: the 30th of February is no day.
  const valid = !Number.isNaN(asUtc.getTime()) && asUtc.toISOString().slice(0, 10) === day;
  if (day === undefined || !valid)
    throw new HeadgateError(
      'invalid_config',
      `${JSON.stringify(value.slice(0, 60))} of the requested range is not a date. Write 2024-05-01 or 2024-05-01T12:00:00Z.`,
    );
  if (offset === undefined) return column.cursor === 'day' ? day : local;
  const shift = /^z$/i.test(offset) ? 0 : offsetMinutes(offset);
  const utc = new Date(asUtc.getTime() - shift * 60_000).toISOString();
  const inUtc = `${utc.slice(0, 19).replace('T', ' ')}${fraction}`;
  if (column.type === 'timestamptz') return inUtc;
  const there = localTime(inUtc, timeZone);
  return column.cursor === 'day' ? there.slice(0, 10) : there;
}

function offsetMinutes(offset: string): number {
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return offset.startsWith('-') ? -minutes : minutes;
}

import { localTime } from './localTime.ts';
import type { SqlBound, SqlColumn } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** Where a read by a time or a day has to stop: a clock minus the lag, in the column's type. */
export function clockBound(
  now: Date,
  { lagSeconds, timeZone }: Pick<SqlOptions, 'lagSeconds' | 'timeZone'>,
  column: Pick<SqlColumn, 'type' | 'cursor'>,
): SqlBound {
  const lagged = new Date(now.getTime() - lagSeconds * 1000);
  const utc = lagged.toISOString().slice(0, 19).replace('T', ' ');
  if (column.type === 'timestamptz') return { value: `${utc}+00`, inclusive: false };
  const local = localTime(utc, timeZone);
  return { value: column.cursor === 'day' ? local.slice(0, 10) : local, inclusive: false };
}

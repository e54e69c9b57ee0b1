import type { Json } from '../../json.ts';
import type { SourceRecord } from '../connector.ts';
import { at } from './paths.ts';
import type { RestColumn } from './restSpec.ts';
import { plainIso } from './times.ts';

/** Turns one of the source's records into one of the stream's. */
export type Project = (record: Json) => SourceRecord;

/**
 * A projection onto columns. `others` names the column that takes, as JSON, the top-level fields no column comes from;
 * null: they are left out, because they were not asked for.
 */
export function projection(columns: readonly RestColumn[], others: string | null): Project {
  const taken = new Set(columns.map(({ name, from = name }) => from.split('.')[0] ?? ''));
  return (record) => {
    const projected: Record<string, Json> = {};
    for (const column of columns) {
      const { name, from } = column;
      const value =
        from === undefined ? (record as Record<string, Json | undefined>)[name] : at(record, from);
      if (value === undefined || value === null) continue;
      // Some write an empty text where there is no number or time.
      if (value === '' && column.type !== 'string') continue;
      projected[name] = asColumn(value, column);
    }
    if (others !== null && typeof record === 'object' && record !== null) {
      const rest = Object.entries(record).filter(
        ([name, value]) => !taken.has(name) && value !== null,
      );
      if (rest.length > 0) projected[others] = JSON.stringify(Object.fromEntries(rest));
    }
    return projected;
  };
}

/** Values a format does not fit stay as they are: the loader keeps them beside the row. */
function asColumn(value: Json, { type, format }: RestColumn): Json {
  switch (format) {
    case 'epochSeconds':
      return instant(Number(value) * 1000) ?? value;
    case 'epochMilliseconds':
      return instant(Number(value)) ?? value;
    case 'isoOffset':
      return typeof value === 'string' ? plainIso(value) : value;
    case 'list':
      return typeof value === 'string' ? JSON.stringify(value.split(';')) : value;
    default:
      // Tables keep nested values as JSON.
      return type === 'string' && typeof value === 'object' ? JSON.stringify(value) : value;
  }
}

const instant = (milliseconds: number): string | null => {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
};

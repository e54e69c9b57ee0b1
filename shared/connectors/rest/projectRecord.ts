import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { KnownShapes } from '../../schema/knownShapes.ts';
import type { SourceRecord } from '../connector.ts';
import { at, namesOf } from './paths.ts';
import type { RestColumn } from './restColumn.ts';
import { plainIso } from './times.ts';

/** Turns one of the source's records into one of the stream's, for good: it may be the same object, changed. */
export type Project = (record: Json) => SourceRecord;

/**
 * A projection onto columns. `others` names the column that takes, as JSON, the top-level fields no column comes from;
 * null: they are left out, because they were not asked for. Throws `source_answer_invalid` for a record without fields.
 */
export function projection(columns: readonly RestColumn[], others: string | null): Project {
  const cells = columns.map((column) => ({
    ...column,
    isInherited: column.name in Object.prototype,
    // Tables keep nested values as JSON.
    isPlain: column.format === undefined && column.type !== 'string',
  }));
  const taken = new Set(
    columns.map(({ name, from }) => (from === undefined ? name : (namesOf(from)[0] ?? ''))),
  );
  const shapes = new KnownShapes(taken);
  const takesOwn = cells.every(
    ({ name, from = name, format, isInherited }) =>
      from === name && !name.includes('.') && format === undefined && !isInherited,
  );
  return (record) => {
    if (typeof record !== 'object' || record === null)
      throw new HeadgateError(
        'source_answer_invalid',
        `A list has ${record === null ? 'null' : `a ${typeof record}`} among its records, where columns are expected.`,
      );
    if (takesOwn && shapes.covers(record)) return asRow(record as OwnRecord, cells);
    const projected: Record<string, Json> = {};
    for (const column of cells) {
      const { name, from } = column;
      const value =
        from === undefined && !column.isInherited
          ? (record as Record<string, Json | undefined>)[name]
          : at(record, from ?? name);
      if (value === undefined || value === null) continue;
      // Some write an empty text where there is no number or time.
      if (value === '' && column.type !== 'string') continue;
      projected[name] = column.isPlain ? value : asColumn(value, column);
    }
    if (others === null || (!takesOwn && shapes.covers(record))) return projected;
    const rest = restOf(record, taken);
    if (rest !== null) projected[others] = JSON.stringify(rest);
    return projected;
  };
}

type OwnRecord = { [name: string]: Json };

/** A record whose fields are the columns: as it came, but for nested values and what stands for none. */
function asRow(record: OwnRecord, columns: readonly RestColumn[]): SourceRecord {
  for (const { name, type } of columns) {
    const value = record[name];
    if (type === 'string') {
      if (typeof value === 'object' && value !== null) record[name] = JSON.stringify(value);
    } else if (value === '') record[name] = null;
  }
  return record;
}

/** The fields that no column comes from; null where there are none, as there usually are. */
function restOf(
  record: Json,
  taken: ReadonlySet<string>,
): { readonly [name: string]: Json } | null {
  let rest: Record<string, Json> | null = null;
  const fields = record as { readonly [name: string]: Json };
  for (const name of Object.keys(fields)) {
    if (taken.has(name) || fields[name] === null) continue;
    rest ??= Object.create(null) as Record<string, Json>;
    rest[name] = fields[name] as Json;
  }
  return rest;
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
      return type === 'string' && typeof value === 'object' ? JSON.stringify(value) : value;
  }
}

const dayMilliseconds = 86_400_000;
/** Records of one page are of few days, and a day costs ten times what is left of a time. */
const days = new Map<number, string>();

/** ISO 8601 with milliseconds, UTC; null beyond what a date can be. */
function instant(milliseconds: number): string | null {
  const whole = Math.trunc(milliseconds);
  const day = Math.floor(whole / dayMilliseconds);
  let date = days.get(day);
  if (Number.isNaN(new Date(whole).getTime())) return null;
  if (date === undefined) {
    if (days.size > 10_000) days.clear();
    date = new Date(whole).toISOString().slice(0, -13);
    days.set(day, date);
  }
  const rest = whole - day * dayMilliseconds;
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const clock = `${two(Math.floor(rest / 3_600_000))}:${two(Math.floor(rest / 60_000) % 60)}:${two(Math.floor(rest / 1000) % 60)}`;
  return `${date}${clock}.${String(rest % 1000).padStart(3, '0')}Z`;
}

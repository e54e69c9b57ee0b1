import { type DuckDbRow, sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';
import type { Column } from '../lake/schema.ts';
import { flattenDepth } from '../schema/nestedMembers.ts';
import type { RuleBook } from '../schema/ruleBook.ts';
import { parquetColumn } from './parquetColumn.ts';

/** A column of a Parquet file, or a member of one that is a struct. */
export interface ParquetColumn extends Column {
  /** SQL for its value as `type`. */
  readonly expression: string;
  /** SQL for its value as text. */
  readonly text: string;
}

type Query = (sql: string) => Promise<readonly DuckDbRow[]>;

/**
 * The columns of a Parquet file at `path` that are to be looked at: structs by their members where the rules flatten
 * them, or where a mask names one of their members. Throws `invalid_config` for a mask that reaches into a list or
 * map.
 */
export async function parquetColumns(
  query: Query,
  path: string,
  book: RuleBook,
): Promise<readonly ParquetColumn[]> {
  const file = `read_parquet(${sqlText(path)})`;
  const columns: ParquetColumn[] = [];
  const look = async (name: string, sql: string, type: string, depth: number): Promise<void> => {
    const masks = book.inside(name);
    const isStruct = type.startsWith('STRUCT(') && !type.endsWith(']');
    const opens = book.opens(name);
    const flattens = book.rules.nested === 'flatten' && depth < flattenDepth;
    if (isStruct && opens && (flattens || masks.length > 0)) {
      const members = await query(`DESCRIBE SELECT UNNEST(${sql}) FROM ${file}`);
      for (const row of members) {
        const member = String(row['column_name']);
        await look(
          `${name}.${member}`,
          `struct_extract(${sql}, ${sqlText(member)})`,
          String(row['column_type']),
          depth + 1,
        );
      }
      return;
    }
    if (opens && masks.length > 0)
      throw new HeadgateError(
        'invalid_config',
        `The mask on "${[name, ...(masks[0]?.path ?? [])].join('.')}" reaches into "${name}", which is a ${type.split(/[( [<]/)[0]} in this file. Mask or drop "${name}" as a whole.`,
        { facts: { column: name } },
      );
    const isNanoseconds = type === 'TIMESTAMP_NS' && (await hasNanoseconds(query, file, sql));
    const read = parquetColumn(sql, type, isNanoseconds);
    columns.push({
      name,
      nativeType: type,
      ...read,
      text: type === 'BLOB' ? `'\\x' || lower(hex(${sql}))` : `CAST(${read.expression} AS VARCHAR)`,
    });
  };
  for (const row of await query(`DESCRIBE SELECT * FROM ${file}`)) {
    const name = String(row['column_name']);
    await look(name, sqlName(name), String(row['column_type']), 1);
  }
  return columns;
}

async function hasNanoseconds(query: Query, file: string, sql: string): Promise<boolean> {
  const rows = await query(`SELECT 1 FROM ${file} WHERE epoch_ns(${sql}) % 1000 <> 0 LIMIT 1`);
  return rows.length > 0;
}

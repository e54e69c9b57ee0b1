import { icebergTypeOf } from '../lake/duckdbTypes.ts';
import type { ColumnType } from '../lake/schema.ts';

/**
 * How a column of a Parquet file, as DuckDB describes it, is stored: every value exactly, or as text.
 * `quoted`: its name in SQL. `hasNanoseconds`: some timestamp has digits that microseconds would cut.
 */
export function parquetColumn(
  quoted: string,
  duckdb: string,
  hasNanoseconds: boolean,
): { readonly type: ColumnType; readonly expression: string } {
  if (/^(STRUCT|MAP|UNION|VARIANT)\b|\]$/.test(duckdb))
    return { type: 'string', expression: `CAST(to_json(${quoted}) AS VARCHAR)` };
  if (duckdb === 'TIMESTAMP_NS' && hasNanoseconds)
    return { type: 'string', expression: `CAST(${quoted} AS VARCHAR)` };
  const type = icebergTypeOf(duckdb);
  return { type, expression: type === 'string' ? `CAST(${quoted} AS VARCHAR)` : quoted };
}

import type { SqlRow, SqlStatement, SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { quoteIdentifier } from './postgresNames.ts';

/** Above this the server would sort for minutes before the first row, and on disk. */
const sortableBytes = 16 * 2 ** 30;

/** Size of the table, and how far the order of its rows on disk follows the first column of its key (−1 to 1). */
export const sortAdvice = (table: SqlTable): SqlStatement => ({
  sql: `select coalesce((select sum(pg_table_size(relid)) from pg_partition_tree($1::regclass)),
      pg_table_size($1::regclass)),
    (select correlation from pg_catalog.pg_stats
      where schemaname = $2 and tablename = $3 and attname = $4 and not inherited)`,
  values: [
    `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
    table.schema,
    table.name,
    table.orderKey[0] ?? '',
  ],
});

/**
 * Planner settings to turn off while a whole table is read in the order of its key. Walking an index whose order
 * is not the table's fetches each page many times over (4 × slower than a sort, measured with random uuids); the
 * planner prefers it all the same where it believes the table to be cached.
 */
export function sortSettings(advice: SqlRow | undefined): readonly string[] {
  const bytes = Number(advice?.[0] ?? 0);
  const correlation = advice?.[1] ?? null;
  if (bytes > sortableBytes) return ['enable_sort'];
  if (correlation !== null && Math.abs(Number(correlation)) < 0.5)
    return ['enable_indexscan', 'enable_bitmapscan'];
  return [];
}

import { qualifiedName } from '../../shared/connectors/sql/selectRows.ts';
import type { SqlColumn, SqlStatement, SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { quoteIdentifier } from './postgresNames.ts';

/**
 * The clock of the transaction's start minus the lag, in the column's type. Taken before the snapshot, so that no
 * row below it can be missing from the snapshot for having been committed in between. A standby's clock is the
 * last transaction it has replayed, unless it has replayed all it received. A day is read once it is over.
 */
export function clockStatement(
  column: SqlColumn,
  lagSeconds: number,
  timeZone: string,
): SqlStatement {
  const clock = `(case when pg_is_in_recovery()
      and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
      then coalesce(pg_last_xact_replay_timestamp(), transaction_timestamp())
      else transaction_timestamp() end - make_interval(secs => $1))`;
  const local = `(${clock} at time zone $2)`;
  if (column.cursor === 'day')
    return { sql: `select ${local}::date`, values: [`${lagSeconds}`, timeZone] };
  return column.type === 'timestamptz'
    ? { sql: `select ${clock}`, values: [`${lagSeconds}`] }
    : { sql: `select ${local}`, values: [`${lagSeconds}`, timeZone] };
}

export const largestSql = (table: SqlTable, column: SqlColumn): string =>
  `select max(${quoteIdentifier(column.name)}) from ${table.from ?? qualifiedName({ quote: quoteIdentifier }, table)}`;

/**
 * Transactions that write the table, or a partition of it, now: each INSERT, UPDATE, DELETE and COPY takes this
 * lock before it draws a number, and keeps it to its end. $1: the table's quoted, qualified name.
 */
export const writersSql = `
select l.virtualtransaction from pg_catalog.pg_locks l
where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.pid <> pg_backend_pid()
  and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
  and l.relation in (select $1::regclass union all select relid from pg_partition_tree($1::regclass))`;

/**
 * Waits until those who are writing now have finished, at most `seconds`. A sequence gives its numbers out in
 * order, but they are committed in any order: after the wait, no number below the largest one is still to come.
 * Answers whether all have finished.
 */
export async function awaitWriters(
  writers: () => Promise<ReadonlySet<string>>,
  seconds: number,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<boolean> {
  const pauseMilliseconds = 200;
  let open = await writers();
  for (let waited = 0; open.size > 0 && waited < seconds * 1000; waited += pauseMilliseconds) {
    await sleep(pauseMilliseconds);
    const now = await writers();
    open = new Set([...open].filter((writer) => now.has(writer)));
  }
  return open.size === 0;
}

import { qualifiedName } from '../../shared/connectors/sql/selectRows.ts';
import type {
  RowReader,
  SqlRow,
  SqlSession,
  SqlStatement,
  SqlTable,
} from '../../shared/connectors/sql/sqlDialect.ts';
import { connectClient, type PostgresContext } from './connectClient.ts';
import { openRows } from './openRows.ts';
import { quoteIdentifier } from './postgresNames.ts';
import { catalogueSql, tableOfRow } from './readCatalogue.ts';
import { sortAdvice, sortSettings } from './sortSettings.ts';
import { awaitWriters, clockStatement, largestSql, writersSql } from './upperBound.ts';

/** Set in each transaction and gone with it, because a pooler may hand the connection to somebody else. */
const settings: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  // Shortest text that gives the same float back; before PostgreSQL 12, enough digits for it.
  extra_float_digits: '3',
  lock_timeout: '60s',
};

const nameOf = (table: SqlTable): string => qualifiedName({ quote: quoteIdentifier }, table);

/** A session in a read-only transaction: of one moment per statement first, then of one moment in all. */
export async function openSession(context: PostgresContext): Promise<SqlSession> {
  const { config, signal, log } = context;
  const connection = await connectClient(context);
  const { client } = connection;
  let reading = false;

  const ask = async (sql: string, values: readonly unknown[] = []): Promise<readonly SqlRow[]> => {
    const text = { text: sql, values: [...values], rowMode: 'array' } as const;
    return (await client.query<(string | null)[]>(text)).rows;
  };
  const set = async (pairs: readonly (readonly [string, string])[]): Promise<void> => {
    if (pairs.length === 0) return;
    const calls = pairs.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
    await ask(`select ${calls.join(', ')}`, pairs.flat());
  };
  /** Values of a statement reach it as settings: see the dialect's `parameter`. */
  const bind = ({ values }: SqlStatement): Promise<void> =>
    set(values.map((value, index) => [`headgate.p${index + 1}`, value] as const));
  const begin = async (kind: string): Promise<void> => {
    await ask(`begin ${kind}`);
    await set([
      ...Object.entries(settings),
      ['statement_timeout', `${config.statementTimeoutSeconds}s`],
    ]);
    // So that the server notices when nobody reads any more, instead of sorting on.
    await ask(`select set_config('client_connection_check_interval', '5s', true)
      where current_setting('server_version_num')::int >= 140000`);
  };

  let server: string;
  try {
    await begin('read only');
    const [row] = await ask(`select split_part(current_setting('server_version'), ' ', 1)`);
    server = `PostgreSQL ${row?.[0] ?? ''}`;
  } catch (error) {
    connection.cut();
    throw error;
  }

  return {
    server,

    async schemas() {
      const rows = await ask('select nspname from pg_catalog.pg_namespace');
      return rows.map(([name]) => name ?? '');
    },

    async tables(schemas, table) {
      return (await ask(catalogueSql, [schemas, table ?? null])).flatMap((row) => {
        const described = tableOfRow(row);
        if (described === null)
          log.warn('a table is left out because its name holds a dot or control characters', {
            schema: row[0],
            table: row[1],
          });
        // PostgreSQL allows tables without columns; there is nothing to read in them.
        return described === null || described.columns.length === 0 ? [] : described;
      });
    },

    async upperBound(table, column) {
      if (column.cursor !== 'number') {
        const clock = clockStatement(column, config.lagSeconds, config.timeZone);
        const rows = await ask(clock.sql, clock.values);
        return { value: rows[0]?.[0] ?? '', inclusive: false };
      }
      const largest = (await ask(largestSql(table, column)))[0]?.[0] ?? null;
      if (largest === null) return null;
      const writers = async (): Promise<ReadonlySet<string>> => {
        signal.throwIfAborted();
        const rows = await ask(writersSql, [nameOf(table)]);
        return new Set(rows.map(([writer]) => writer ?? ''));
      };
      if (!(await awaitWriters(writers, config.lagSeconds, context.sleep)))
        log.warn('a transaction has been writing the table for longer than the lag', {
          stream: `${table.schema}.${table.name}`,
          lagSeconds: config.lagSeconds,
        });
      return { value: largest, inclusive: true };
    },

    async beginSnapshot() {
      await ask('commit');
      await begin('isolation level repeatable read read only');
    },

    async bytes(table) {
      const advice = sortAdvice(table);
      const [row] = await ask(advice.sql, advice.values);
      return Number(row?.[0] ?? 0);
    },

    async query(statement) {
      await bind(statement);
      return ask(statement.sql);
    },

    async read(table, statement, shape): Promise<RowReader> {
      if (shape.wholeByKey) {
        const advice = sortAdvice(table);
        const off = sortSettings((await ask(advice.sql, advice.values))[0]);
        await set(off.map((setting) => [setting, 'off'] as const));
      }
      await bind(statement);
      reading = true;
      return openRows(client, {
        select: statement.sql,
        lone: shape.width === 1,
        copyFirst: config.transfer === 'auto',
        ...(shape.decoded === undefined ? {} : { decoded: shape.decoded }),
        log,
      });
    },

    async [Symbol.asyncDispose]() {
      // A read that is under way would first have to be drained.
      if (reading || signal.aborted) connection.cut();
      else await connection.close();
    },
  };
}

import { clockBound } from '../../shared/connectors/sql/clockBound.ts';
import { PagedRows } from '../../shared/connectors/sql/pagedRows.ts';
import {
  type SqlRow,
  type SqlSession,
  type SqlStatement,
  StatementRunning,
} from '../../shared/connectors/sql/sqlDialect.ts';
import { catalogueStatements, type KeyColumn, keysStatement, tablesOf } from './readCatalogue.ts';
import { type Handed, handIn, lookAt, readPart } from './runStatement.ts';
import { quoteIdentifier } from './snowflakeNames.ts';
import { type SnowflakeContext, snowflakeClient } from './snowflakeService.ts';

/** How often a bulk read looks after its statement in one go. */
const looks = 5;
const pauseSeconds = 2;

/** The SQL API has no sessions: this is a token and what it asks. Each statement is of one moment. */
export async function openSession(context: SnowflakeContext): Promise<SqlSession> {
  const { config, log, now, signal, sleep } = context;
  signal.throwIfAborted();
  const client = snowflakeClient(context);

  const query = async (statement: SqlStatement): Promise<readonly SqlRow[]> => {
    let handed = await handIn(client, statement, true);
    while (handed.answer === null) {
      signal.throwIfAborted();
      await sleep(pauseSeconds * 1000);
      handed = await lookAt(client, handed.handle);
    }
    const rows: SqlRow[] = [];
    for (let part: string | null = '0'; part !== null; ) {
      const page = await readPart(client, handed.handle, Number(part), handed.answer);
      rows.push(...page.rows);
      for await (const more of page.more ?? []) rows.push(...more);
      part = page.next;
    }
    return rows;
  };

  const [version] = await query({ sql: 'select current_version()', values: [] });
  const catalogue = `${quoteIdentifier(config.database)}."INFORMATION_SCHEMA"`;

  return {
    server: `Snowflake ${version?.[0] ?? ''}`,

    async schemas() {
      const rows = await query({
        sql: `select schema_name from ${catalogue}."SCHEMATA"`,
        values: [],
      });
      return rows.map(([name]) => name ?? '');
    },

    async tables(schemas, table) {
      const statements = catalogueStatements(config.database, schemas, table);
      const tables = await query(statements.tables);
      if (tables.length === 0) return [];
      const columns = await query(statements.columns);
      const keys: KeyColumn[] = [];
      // created_on, database_name, schema_name, table_name, column_name, key_sequence, …
      for (const schema of new Set(tables.map(([name]) => name ?? '')))
        for (const row of await query(keysStatement(config.database, schema)))
          keys.push([row[2] ?? '', row[3] ?? '', row[4] ?? '', Number(row[5])]);
      return tablesOf(config.database, tables, columns, keys, (schema, name) =>
        log.warn('a table is left out because its name cannot be offered', { schema, table: name }),
      );
    },

    async upperBound(table, column) {
      if (column.cursor !== 'number') return clockBound(now(), config, column);
      const from = table.from ?? '';
      const [row] = await query({
        sql: `select max(${quoteIdentifier(column.name)}) from ${from}`,
        values: [],
      });
      const largest = row?.[0] ?? null;
      return largest === null ? null : { value: largest, inclusive: true };
    },

    async beginSnapshot() {
      // Each statement sees the tables as they are when it begins.
    },

    // Only asked where rows have to be ordered, which kept results need not be.
    bytes: async () => null,

    query,

    async read(_table, statement, _shape, place) {
      let handed: Handed =
        place === undefined
          ? await handIn(client, statement, false)
          : await lookAt(client, handleOf(place));
      for (let looked = 1; handed.answer === null; looked += 1) {
        signal.throwIfAborted();
        if (looked >= looks)
          throw new StatementRunning(waitingFor(handed.handle, place), pauseSeconds);
        await sleep(pauseSeconds * 1000);
        handed = await lookAt(client, handed.handle);
      }
      const { handle, answer } = handed;
      const prefix = `${handle}/`;
      const start = place === undefined || isWaiting(place) ? `${prefix}0` : place;
      return new PagedRows(start, async (page) => {
        signal.throwIfAborted();
        const number = Number(page.slice(prefix.length));
        const part = await readPart(client, handle, number, answer);
        return { ...part, next: part.next === null ? null : `${prefix}${part.next}` };
      });
    },

    async [Symbol.asyncDispose]() {
      // Nothing is held open; a statement that still runs is gone on with, or ends by itself.
    },
  };
}

/** A statement that is waited for; the count makes each place another one. */
function waitingFor(handle: string, before: string | undefined): string {
  const count =
    before !== undefined && isWaiting(before) ? Number(before.split('/')[1]?.slice(1)) : 0;
  return `${handle}/w${count + 1}`;
}
const isWaiting = (place: string): boolean => /\/w\d+$/.test(place);
const handleOf = (place: string): string => place.replace(/^\d+@/, '').split('/')[0] ?? '';

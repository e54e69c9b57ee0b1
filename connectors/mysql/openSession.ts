import type { FieldPacket } from 'mysql2';
import { localTime } from '../../shared/connectors/sql/localTime.ts';
import type {
  SqlRow,
  SqlSession,
  SqlStatement,
  SqlTable,
} from '../../shared/connectors/sql/sqlDialect.ts';
import { bindValues, placeholder } from './bindValues.ts';
import { cellKinds, type RawRow, textsOf } from './cells.ts';
import { connectServer, type MysqlContext } from './connectServer.ts';
import { errnoOf } from './explainError.ts';
import { quoteIdentifier } from './mysqlNames.ts';
import { catalogueStatements, tablesOf } from './readCatalogue.ts';
import { RowsOut } from './rowsOut.ts';
import { type MysqlServer, serverOf, sessionSettings } from './sessionSettings.ts';
import { awaitWriters, writersSql } from './upperBound.ts';

const nameOf = ({ schema, name }: Pick<SqlTable, 'schema' | 'name'>): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

/** The server hides what the user may not see; an attempt to use it says whether it exists. */
const unknownDatabase = 1049;
const unknownTable = 1146;
const privilegeNeeded = 1227;

/** A session that only reads: of one moment per statement first, then of one moment in all. */
export async function openSession(context: MysqlContext): Promise<SqlSession> {
  const { config, signal, log } = context;
  const server = await connectServer(context);
  const { connection } = server;
  let reading = false;

  const ask = (sql: string): Promise<readonly SqlRow[]> => {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      connection.query(
        { sql, rowsAsArray: true, typeCast: false },
        (error, rows, fields: FieldPacket[] | undefined) => {
          if (error !== null) return reject(error);
          const kinds = cellKinds(fields ?? []);
          resolve(
            Array.isArray(rows) ? rows.map((row) => textsOf(row as unknown as RawRow, kinds)) : [],
          );
        },
      );
    });
  };
  const askFor = (statement: SqlStatement): Promise<readonly SqlRow[]> =>
    ask(bindValues(statement));

  let product: MysqlServer;
  try {
    await ask('set names utf8mb4');
    product = serverOf((await ask('select version()'))[0]?.[0] ?? '');
    await ask(sessionSettings(product, config.statementTimeoutSeconds));
    await ask('set session transaction isolation level repeatable read, read only');
  } catch (error) {
    server.cut();
    throw error;
  }

  /** Whether the schema is there, spelled as the server spells it; throws where the user may not know. */
  const exists = async (schema: string): Promise<boolean> => {
    try {
      await ask(`use ${quoteIdentifier(schema)}`);
      return (await ask('select database()'))[0]?.[0] === schema;
    } catch (error) {
      if (errnoOf(error) === unknownDatabase) return false;
      throw error;
    }
  };

  return {
    server: product.title,

    async schemas() {
      const rows = await ask('select schema_name from information_schema.schemata');
      const seen = new Set(rows.map(([name]) => name ?? ''));
      for (const schema of config.schemas)
        if (!seen.has(schema) && (await exists(schema))) seen.add(schema);
      return [...seen];
    },

    async tables(schemas, table) {
      const statements = catalogueStatements(schemas, table);
      const tables = tablesOf(
        {
          tables: await askFor(statements.tables),
          columns: await askFor(statements.columns),
          keys: await askFor(statements.keys),
        },
        config.tinyint1,
        (schema, name) =>
          log.warn(
            'a table is left out: its name holds a dot or another character that cannot be offered, or it is a view of what is gone',
            { schema, table: name },
          ),
      )
        // Names compare without regard to case in the catalogue of some servers.
        .filter(({ schema, name }) => schemas.includes(schema) && (table ?? name) === name);
      const [schema] = schemas;
      if (table !== undefined && schema !== undefined && tables.length === 0)
        try {
          await ask(`select 1 from ${nameOf({ schema, name: table })} limit 0`);
        } catch (error) {
          const errno = errnoOf(error);
          if (errno !== unknownTable && errno !== unknownDatabase) throw error;
        }
      return tables;
    },

    async upperBound(table, column) {
      if (column.cursor !== 'number') {
        const [row] = await ask(
          `select utc_timestamp(6) - interval ${Number(config.lagSeconds)} second`,
        );
        const utc = row?.[0] ?? '';
        if (column.type === 'timestamptz') return { value: `${utc}+00`, inclusive: false };
        const local = localTime(utc, config.timeZone);
        return {
          value: column.cursor === 'day' ? local.slice(0, 10) : local,
          inclusive: false,
        };
      }
      const stream = `${table.schema}.${table.name}`;
      const [row] = await ask(`select max(${quoteIdentifier(column.name)}) from ${nameOf(table)}`);
      const largest = row?.[0] ?? null;
      if (largest === null) return null;
      const writers = async (): Promise<ReadonlySet<string> | null> => {
        try {
          return new Set((await ask(writersSql)).map(([writer]) => writer ?? ''));
        } catch (error) {
          if (errnoOf(error) === privilegeNeeded) return null;
          throw error;
        }
      };
      const finished = await awaitWriters(writers, config.lagSeconds, context.sleep);
      if (finished === null)
        log.info('without the PROCESS privilege the whole lag is waited for late commits', {
          stream,
          lagSeconds: config.lagSeconds,
        });
      if (finished === false)
        log.warn(
          'a transaction has been open for longer than the lag; if it has written the table, its rows may be passed over',
          {
            stream,
            lagSeconds: config.lagSeconds,
          },
        );
      return { value: largest, inclusive: true };
    },

    async beginSnapshot() {
      await ask('start transaction with consistent snapshot, read only');
    },

    async bytes(table) {
      const rows = await askFor({
        sql: `select data_length from information_schema.tables
          where table_schema = ${placeholder(1)} and table_name = ${placeholder(2)}`,
        values: [table.schema, table.name],
      });
      const bytes = rows[0]?.[0] ?? null;
      return bytes === null ? null : Number(bytes);
    },

    query: askFor,

    async read(_table, statement) {
      reading = true;
      const rows = new RowsOut(connection, bindValues(statement));
      await rows.started;
      return rows;
    },

    async [Symbol.asyncDispose]() {
      // A read that is under way would first have to be drained.
      if (reading || signal.aborted) server.cut();
      else await server.close();
    },
  };
}

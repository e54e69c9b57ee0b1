import { clockBound } from '../../shared/connectors/sql/clockBound.ts';
import { PagedRows } from '../../shared/connectors/sql/pagedRows.ts';
import {
  type SqlRow,
  type SqlSession,
  type SqlStatement,
  StatementRunning,
} from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { quoteIdentifier } from './bigqueryNames.ts';
import { type BigqueryContext, bigqueryClient } from './bigqueryService.ts';
import { hasDataset, readTables } from './readCatalogue.ts';
import { estimateBytes, isDone, type QueryJob, readPage, startQuery } from './runQuery.ts';

/** How long a bulk read waits for its query in one go. */
const tries = 3;
/** Until it is asked for again. */
const pauseSeconds = 5;

/** BigQuery has no connections: a session is the service account and what it asks. Each statement is of one moment. */
export async function openSession(context: BigqueryContext): Promise<SqlSession> {
  const { config, log, now, signal } = context;
  signal.throwIfAborted();
  const client = bigqueryClient(context);
  // Free, and needs the credentials, the project and the permission to run queries.
  await estimateBytes(client, { sql: 'select 1', values: [] });

  const query = async (statement: SqlStatement): Promise<readonly SqlRow[]> => {
    const job = await startQuery(client, statement);
    while (!(await isDone(client, job))) signal.throwIfAborted();
    return (await readPage(client, job, 0)).rows;
  };

  return {
    server: 'BigQuery',

    async schemas() {
      const known: string[] = [];
      for (const dataset of config.schemas)
        if (await hasDataset(client, dataset)) known.push(dataset);
      return known;
    },

    async tables(schemas, table) {
      const found = [];
      for (const schema of schemas)
        found.push(
          ...(await readTables(client, schema, table, (name) =>
            log.warn('a table is left out because its name cannot be offered', {
              schema,
              table: name,
            }),
          )),
        );
      return found;
    },

    async upperBound(table, column) {
      if (column.cursor === 'number') {
        const from = table.from ?? '';
        const [row] = await query({
          sql: `select max(${quoteIdentifier(column.name)}) from ${from}`,
          values: [],
        });
        const largest = row?.[0] ?? null;
        return largest === null ? null : { value: largest, inclusive: true };
      }
      return clockBound(now(), config, column);
    },

    async beginSnapshot() {
      // Each statement sees the tables as they are when it begins.
    },

    // Only asked where rows have to be ordered, which kept results need not be.
    bytes: async () => null,

    query,

    async read(table, statement, _shape, place) {
      const job = place === undefined ? await begin(statement, table.name) : jobOf(place);
      for (let tried = 1; !(await isDone(client, job)); tried += 1) {
        signal.throwIfAborted();
        if (tried >= tries) throw new StatementRunning(waitingFor(job, place), pauseSeconds);
      }
      const prefix = `${job.location}/${job.id}/`;
      const start = place === undefined || isWaiting(place) ? `${prefix}0` : place;
      return new PagedRows(start, async (page) => {
        signal.throwIfAborted();
        const { rows, next } = await readPage(client, job, Number(page.slice(prefix.length)));
        return { rows, next: next === null ? null : `${prefix}${next}` };
      });
    },

    async [Symbol.asyncDispose]() {
      // Nothing is held open; a query that is still running is gone on with, or ends by itself.
    },
  };

  async function begin(statement: SqlStatement, table: string): Promise<QueryJob> {
    const bytes = await estimateBytes(client, statement);
    log.info('a query begins', { table, bytes });
    const { maximumBytesBilled } = config;
    if (maximumBytesBilled !== undefined && bytes > maximumBytesBilled)
      throw new HeadgateError(
        'invalid_config',
        `Reading ${table} would be billed for ${bytes} bytes, more than the ${maximumBytesBilled} allowed. Raise the most bytes billed, or read fewer columns.`,
        { facts: { table, bytes, maximumBytesBilled } },
      );
    return startQuery(client, statement);
  }
}

/** A query that is waited for; the count makes each place another one. */
function waitingFor({ location, id }: QueryJob, before: string | undefined): string {
  const count =
    before !== undefined && isWaiting(before) ? Number(before.split('/')[2]?.slice(1)) : 0;
  return `${location}/${id}/w${count + 1}`;
}
const isWaiting = (place: string): boolean => /\/w\d+$/.test(place);

function jobOf(place: string): QueryJob {
  const [location = '', id = ''] = place.replace(/^\d+@/, '').split('/');
  return { location, id };
}

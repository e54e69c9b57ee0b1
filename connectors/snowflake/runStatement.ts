import { randomUUID } from 'node:crypto';
import type { RestAnswer } from '../../shared/connectors/rest/restClient.ts';
import { isObject } from '../../shared/connectors/sql/isObject.ts';
import type { RowPage } from '../../shared/connectors/sql/pagedRows.ts';
import type { SqlRow, SqlStatement } from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { type ResultColumn, textOfCell } from './cells.ts';
import { jsonRows } from './jsonRows.ts';
import type { SnowflakeClient } from './snowflakeService.ts';

type Answer = { readonly [name: string]: Json };

/** A statement that was handed in: its result can be read for a day by whoever knows the handle. */
export interface Handed {
  readonly handle: string;
  /** The first part of the result; null while the statement runs. */
  readonly answer: Answer | null;
}

/** Begins a statement. `waits`: up to 45 seconds for its end, else not at all. */
export async function handIn(
  client: SnowflakeClient,
  { sql, values }: SqlStatement,
  waits: boolean,
): Promise<Handed> {
  const { config } = client.context;
  const { body } = await client.ask({
    method: 'POST',
    path: '/api/v2/statements',
    query: { requestId: randomUUID(), ...(waits ? {} : { async: 'true' }) },
    body: {
      statement: sql,
      timeout: config.statementTimeoutSeconds,
      warehouse: config.warehouse,
      database: config.database,
      ...(config.role === undefined ? {} : { role: config.role }),
      ...(values.length === 0
        ? {}
        : {
            bindings: Object.fromEntries(
              values.map((value, index) => [String(index + 1), { type: 'TEXT', value }]),
            ),
          }),
      parameters: {
        timezone: 'UTC',
        binary_output_format: 'HEX',
        query_tag: 'headgate',
        // Most megabytes of a part of a result; the first one is held.
        client_result_chunk_size: '48',
      },
    },
  });
  return handedOf(body);
}

/** Where a statement stands. Throws what it failed with, and `cursor_expired` when its result is gone. */
export async function lookAt(client: SnowflakeClient, handle: string): Promise<Handed> {
  return handedOf((await partOf(client, handle, 0)).body);
}

/** One part of a result, from 0. */
export async function readPart(
  client: SnowflakeClient,
  handle: string,
  part: number,
  first: Answer,
): Promise<RowPage> {
  const columns = columnsOf(first);
  const parts = partsOf(first);
  const next = part + 1 < parts.length ? String(part + 1) : null;
  const { rowCount } = parts[part] ?? {};
  const check = (rows: number): void => {
    if (rowCount !== undefined && rowCount !== rows)
      throw new HeadgateError(
        'source_answer_invalid',
        `Snowflake answered ${rows} rows in part ${part} of a result, and said ${rowCount}.`,
      );
  };
  if (part > 0) {
    const more = rowsInPieces(client, handle, part, columns, check);
    // Whether it is there shows at once.
    const { value, done } = await more.next();
    return { rows: done === true ? [] : value, more, next };
  }
  const data = Array.isArray(first['data']) ? first['data'] : [];
  check(data.length);
  return { rows: data.map((row) => rowOf(row, columns)), next };
}

function rowOf(row: Json, columns: readonly ResultColumn[]): SqlRow {
  const cells = Array.isArray(row) ? row : [];
  return columns.map((column, index) => {
    const cell = cells[index] ?? null;
    return textOfCell(cell === null || typeof cell === 'string' ? cell : String(cell), column);
  });
}

/** How often a part whose answer breaks off is asked for. */
const mostTries = 5;

/**
 * A part's rows as they come: how long one is, is Snowflake's affair. One that breaks off is asked for again, and its rows
 * are passed over that were given already.
 */
async function* rowsInPieces(
  client: SnowflakeClient,
  handle: string,
  part: number,
  columns: readonly ResultColumn[],
  check: (rows: number) => void,
): AsyncGenerator<readonly SqlRow[], undefined> {
  const { log, signal, sleep } = client.context;
  let given = 0;
  for (let tries = 1; ; tries += 1)
    try {
      const { unread } = await partOf(client, handle, part);
      let seen = 0;
      for await (const rows of jsonRows(unread ?? [])) {
        const fresh = rows.slice(Math.max(0, given - seen));
        seen += rows.length;
        given += fresh.length;
        if (fresh.length > 0) yield fresh.map((row) => rowOf(row, columns));
      }
      check(seen);
      return;
    } catch (error) {
      signal.throwIfAborted();
      const mayPass =
        error instanceof HeadgateError &&
        (error.code === 'source_unreachable' || error.code === 'source_answer_invalid');
      if (!mayPass || tries >= mostTries) throw error;
      log.warn('asking for a part of a result again', { part, tries, code: error.code });
      await sleep(1000 * 2 ** (tries - 1));
    }
}

async function partOf(client: SnowflakeClient, handle: string, part: number): Promise<RestAnswer> {
  try {
    return await client.ask({
      path: `/api/v2/statements/${encodeURIComponent(handle)}`,
      ...(part === 0 ? {} : { query: { partition: String(part) }, unread: true }),
    });
  } catch (error) {
    const isGone = error instanceof HeadgateError && error.facts['status'] === 404;
    if (!isGone) throw error;
    throw new HeadgateError(
      'cursor_expired',
      'The result of the statement is gone: Snowflake keeps it for a day. Start a full refresh.',
      { cause: error },
    );
  }
}

function handedOf(body: Json): Handed {
  const answer = isObject(body) ? body : {};
  const handle = answer['statementHandle'];
  if (typeof handle !== 'string')
    throw new HeadgateError(
      'source_answer_invalid',
      'Snowflake answered no handle of a statement.',
    );
  return { handle, answer: isObject(answer['resultSetMetaData']) ? answer : null };
}

function columnsOf(answer: Answer): readonly ResultColumn[] {
  const metadata = answer['resultSetMetaData'];
  const types = isObject(metadata) ? metadata['rowType'] : [];
  return (Array.isArray(types) ? types : []).map((type) => ({
    name: String(isObject(type) ? type['name'] : ''),
    type: String(isObject(type) ? type['type'] : ''),
  }));
}

function partsOf(answer: Answer): readonly { readonly rowCount?: number }[] {
  const metadata = answer['resultSetMetaData'];
  const parts = isObject(metadata) ? metadata['partitionInfo'] : undefined;
  return Array.isArray(parts) ? (parts as readonly { readonly rowCount?: number }[]) : [{}];
}

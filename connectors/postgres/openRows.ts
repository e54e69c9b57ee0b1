import type { Client } from 'pg';
import type { ReadShape, RowReader, SqlRow } from '../../shared/connectors/sql/sqlDialect.ts';
import type { Log } from '../../shared/log.ts';
import { asText } from './connectClient.ts';
import { CopyOut } from './copyOut.ts';
import { CursorOut } from './cursorOut.ts';
import type { TupleKind } from './decodedColumn.ts';
import { TuplesOut } from './tuplesOut.ts';

/** What a server or proxy without COPY answers; anything else is a failure of the read itself. */
const copyRefusals = new Set(['0A000', '42601', '42501', '08P01']);

/** Not all servers that speak the protocol have every function and send function that PostgreSQL has. */
const binaryRefusals = new Set([...copyRefusals, '42883', '42704', '22P03']);

interface Rows {
  readonly select: string;
  /** One column only: its values are quoted, because an empty line is no record to some readers. */
  readonly lone: boolean;
  readonly copyFirst: boolean;
  /** Rows are wanted decoded. */
  readonly decoded?: NonNullable<ReadShape['decoded']>;
  readonly log: Log;
}

/**
 * Begins to read a SELECT's rows in the transaction that is open: by COPY, or by a cursor when COPY is not wanted
 * or is refused. The bytes are the same.
 */
export async function openRows(
  client: Client,
  { select, lone, copyFirst, decoded, log }: Rows,
): Promise<RowReader> {
  if (copyFirst) {
    await client.query('savepoint headgate_copy');
    if (decoded !== undefined) {
      const kinds = decoded.columns.map((column) => column.decoded?.kind as TupleKind);
      const copy = new TuplesOut(`copy (${decoded.sql}) to stdout (format binary)`, kinds);
      const tuples = await startedCopy(client, copy, binaryRefusals, log);
      if (tuples !== null) return tuples;
    }
    const options = `format csv, null '\\N'${lone ? ', force_quote *' : ''}`;
    const copy = new CopyOut(`copy (${select}) to stdout (${options})`);
    const rows = await startedCopy(client, copy, copyRefusals, log);
    if (rows !== null) return rows;
  }
  const { default: Cursor } = await import('pg-cursor');
  return new CursorOut(
    client.query(new Cursor<SqlRow>(select, [], { rowMode: 'array', types: asText })),
  );
}

/** null where the server refused it; the transaction is then as it was before. */
async function startedCopy<Copy extends CopyOut>(
  client: Client,
  copy: Copy,
  refusals: ReadonlySet<string>,
  log: Log,
): Promise<Copy | null> {
  client.query(copy);
  try {
    await copy.started;
    return copy;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!refusals.has(code)) throw error;
    log.info('COPY was refused; going on without it', { reason: code });
    await client.query('rollback to savepoint headgate_copy');
    return null;
  }
}

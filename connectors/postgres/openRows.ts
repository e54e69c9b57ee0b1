import type { Client } from 'pg';
import type { RowReader, SqlRow } from '../../shared/connectors/sql/sqlDialect.ts';
import type { Log } from '../../shared/log.ts';
import { asText } from './connectClient.ts';
import { CopyOut } from './copyOut.ts';
import { CursorOut } from './cursorOut.ts';

/** What a server or proxy without COPY answers; anything else is a failure of the read itself. */
const copyRefusals = new Set(['0A000', '42601', '42501', '08P01']);

interface Rows {
  readonly select: string;
  /** One column only: its values are quoted, because an empty line is no record to some readers. */
  readonly lone: boolean;
  readonly copyFirst: boolean;
  readonly log: Log;
}

/**
 * Begins to read a SELECT's rows in the transaction that is open: by COPY, or by a cursor when COPY is not wanted
 * or is refused. The bytes are the same.
 */
export async function openRows(
  client: Client,
  { select, lone, copyFirst, log }: Rows,
): Promise<RowReader> {
  if (copyFirst) {
    await client.query('savepoint headgate_copy');
    const options = `format csv, null '\\N'${lone ? ', force_quote *' : ''}`;
    const copy = client.query(new CopyOut(`copy (${select}) to stdout (${options})`));
    try {
      await copy.started;
      return copy;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!copyRefusals.has(code)) throw error;
      log.info('COPY was refused; going on with a cursor', { reason: code });
      await client.query('rollback to savepoint headgate_copy');
    }
  }
  const { default: Cursor } = await import('pg-cursor');
  return new CursorOut(
    client.query(new Cursor<SqlRow>(select, [], { rowMode: 'array', types: asText })),
  );
}

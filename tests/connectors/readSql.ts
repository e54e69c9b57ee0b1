import type { Connector, Context, StreamRequest } from '../../shared/connectors/connector.ts';
import type { SqlCheckpoint } from '../../shared/connectors/sql/sqlCheckpoint.ts';
import { type Row, readBatch } from './readBatch.ts';

/** Everything one read delivered. */
export interface SqlRead {
  readonly rows: readonly Row[];
  readonly batches: readonly (readonly Row[])[];
  readonly checkpoints: readonly SqlCheckpoint[];
  readonly last: SqlCheckpoint | null;
}

/** Reads a stream of a SQL source to the end. */
export async function readSql<Config, Credentials>(
  connector: Connector<Config, Credentials, SqlCheckpoint>,
  context: Context<Config, Credentials>,
  request: StreamRequest,
  from: SqlCheckpoint | null = null,
): Promise<SqlRead> {
  const batches: (readonly Row[])[] = [];
  const checkpoints: SqlCheckpoint[] = [];
  for await (const batch of connector.read(context, request, from)) {
    batches.push(await readBatch(batch, null));
    const { checkpoint } = batch;
    const value = typeof checkpoint === 'function' ? checkpoint() : checkpoint;
    if (value !== undefined) checkpoints.push(value);
  }
  return { rows: batches.flat(), batches, checkpoints, last: checkpoints.at(-1) ?? null };
}

/** A request for a whole table, unless told otherwise. */
export const wholeTable = (name: string, over: Partial<StreamRequest> = {}): StreamRequest => ({
  name,
  mode: 'full_refresh',
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
  ...over,
});

/** One column's whole numbers, in order. */
export const numbersOf = ({ rows }: Pick<SqlRead, 'rows'>, column = 'id'): readonly number[] =>
  rows.map((row) => Number(row[column])).sort((a, b) => a - b);

import type {
  PostgresConfig,
  PostgresCredentials,
} from '../../connectors/postgres/postgresConfig.ts';
import postgres from '../../connectors/postgres.ts';
import type {
  Batch,
  Connector,
  Context,
  StreamRequest,
} from '../../shared/connectors/connector.ts';
import type { SqlCheckpoint } from '../../shared/connectors/sql/sqlCheckpoint.ts';
import { createLog } from '../../shared/log.ts';
import { type PostgresServer, postgresHost } from '../postgres.ts';
import { type Row, readBatch } from './readBatch.ts';

export type PostgresConnector = Connector<PostgresConfig, PostgresCredentials, SqlCheckpoint>;
export type PostgresContext = Context<PostgresConfig, PostgresCredentials>;

/** A context for one of a test's servers, as superuser and without TLS unless told otherwise. */
export function postgresContext(
  server: PostgresServer,
  over: {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly credentials?: Readonly<Record<string, unknown>>;
    readonly context?: Partial<PostgresContext>;
    readonly lines?: string[];
  } = {},
): PostgresContext {
  return {
    config: postgres.config.parse({
      host: postgresHost,
      port: server.port,
      database: 'postgres',
      sslmode: 'disable',
      ...over.config,
    }) as PostgresConfig,
    credentials: postgres.credentials.parse({
      user: server.user,
      password: server.password,
      ...over.credentials,
    }) as PostgresCredentials,
    fetch: async () => {
      throw new Error('a database connector has no HTTP');
    },
    resolveHost: async () => server.host,
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    signal: new AbortController().signal,
    log: createLog((line) => over.lines?.push(line)),
    ...over.context,
  };
}

/** A request for a whole table, unless told otherwise. */
export const requestOf = (name: string, over: Partial<StreamRequest> = {}): StreamRequest => ({
  name,
  mode: 'full_refresh',
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
  ...over,
});

export interface ReadAll {
  readonly rows: readonly Row[];
  readonly batches: readonly (readonly Row[])[];
  readonly checkpoints: readonly (SqlCheckpoint | undefined)[];
  /** What each batch says of its rows. */
  readonly marks: readonly Pick<Batch<unknown>, 'fresh' | 'replacesNullCursor'>[];
  readonly last: SqlCheckpoint | null;
}

/** Reads to the end. */
export async function readAll(
  connector: PostgresConnector,
  context: PostgresContext,
  request: StreamRequest,
  from: SqlCheckpoint | null = null,
): Promise<ReadAll> {
  const batches: (readonly Row[])[] = [];
  const checkpoints: (SqlCheckpoint | undefined)[] = [];
  const marks: ReadAll['marks'][number][] = [];
  for await (const batch of connector.read(context, request, from)) {
    batches.push(await readBatch(batch, null));
    const { fresh, replacesNullCursor } = batch;
    marks.push({
      ...(fresh === undefined ? {} : { fresh }),
      ...(replacesNullCursor === undefined ? {} : { replacesNullCursor }),
    });
    checkpoints.push(
      typeof batch.checkpoint === 'function' ? batch.checkpoint() : batch.checkpoint,
    );
  }
  return { rows: batches.flat(), batches, checkpoints, marks, last: checkpoints.at(-1) ?? null };
}

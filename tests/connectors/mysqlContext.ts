import type { MysqlConfig, MysqlCredentials } from '../../connectors/mysql/mysqlConfig.ts';
import mysql from '../../connectors/mysql.ts';
import type { Connector, Context } from '../../shared/connectors/connector.ts';
import type { SqlCheckpoint } from '../../shared/connectors/sql/sqlCheckpoint.ts';
import { createLog } from '../../shared/log.ts';
import { type MariadbServer, mariadbHost } from '../mariadb.ts';

export type MysqlConnector = Connector<MysqlConfig, MysqlCredentials, SqlCheckpoint>;
export type MysqlContext = Context<MysqlConfig, MysqlCredentials>;

/** A context for one of a test's servers, as superuser and without TLS unless told otherwise. */
export function mysqlContext(
  server: MariadbServer,
  over: {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly credentials?: Readonly<Record<string, unknown>>;
    readonly context?: Partial<MysqlContext>;
    readonly lines?: string[];
  } = {},
): MysqlContext {
  return {
    config: mysql.config.parse({
      host: mariadbHost,
      port: server.port,
      schemas: ['shop'],
      sslmode: 'disable',
      ...over.config,
    }) as MysqlConfig,
    credentials: mysql.credentials.parse({
      user: server.user,
      password: server.password,
      ...over.credentials,
    }) as MysqlCredentials,
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

import { connect } from 'node:net';
import type { Connection } from 'mysql2';
import type { Context } from '../../shared/connectors/connector.ts';
import type { MysqlConfig, MysqlCredentials } from './mysqlConfig.ts';
import { checkedName, tlsOptions } from './tlsOptions.ts';

export type MysqlContext = Context<MysqlConfig, MysqlCredentials>;

export interface MysqlConnection {
  readonly connection: Connection;
  /** Says goodbye. */
  close(): Promise<void>;
  /** Hangs up, whatever is under way. */
  cut(): void;
}

/**
 * Dials the address that the context lets pass, with the configured host as the name TLS checks, and signs in. No
 * file can be asked for by the server (LOCAL INFILE is off), no statement holds another. Cut when the context's
 * signal aborts.
 */
export async function connectServer(context: MysqlContext): Promise<MysqlConnection> {
  const { config, credentials, signal } = context;
  signal.throwIfAborted();
  const [{ createConnection }, address] = await Promise.all([
    import('mysql2'),
    context.resolveHost(config.host),
  ]);
  signal.throwIfAborted();
  const socket = connect({ host: address, port: config.port, noDelay: true, keepAlive: true });
  const ssl = tlsOptions(config, credentials);
  const connection = createConnection({
    host: checkedName(config),
    port: config.port,
    user: credentials.user,
    ...(credentials.password === undefined ? {} : { password: credentials.password }),
    ...(ssl === null ? {} : { ssl }),
    stream: () => socket,
    connectTimeout: config.connectTimeoutSeconds * 1000,
    charset: 'utf8mb4',
    flags: ['-LOCAL_FILES', '-FOUND_ROWS'],
    multipleStatements: false,
    // A password in clear, as tokens of a cloud's own sign-in need it, only to a server that has proved its name.
    enableCleartextPlugin: config.sslmode === 'verify-full',
    connectAttributes: { program_name: 'headgate' },
  });
  // Without a listener a broken connection would end the process; whoever waits for an answer hears of it.
  connection.on('error', () => {});
  const cut = (): void => {
    signal.removeEventListener('abort', cut);
    socket.destroy();
  };
  signal.addEventListener('abort', cut);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('connect', () => resolve());
    });
  } catch (error) {
    cut();
    throw error;
  }
  return {
    connection,
    cut,
    async close() {
      signal.removeEventListener('abort', cut);
      await new Promise<void>((resolve) => connection.end(() => resolve()));
    },
  };
}

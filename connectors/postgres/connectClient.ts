import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { Context } from '../../shared/connectors/connector.ts';
import type { PostgresConfig, PostgresCredentials } from './postgresConfig.ts';
import { tlsOptions } from './tlsOptions.ts';

export type PostgresContext = Context<PostgresConfig, PostgresCredentials>;

/** Every value as the text PostgreSQL prints: nothing is rounded by becoming a number or a Date. */
export const asText: NonNullable<ClientConfig['types']> = {
  getTypeParser: () => (value: unknown) => value,
};

export interface PostgresConnection {
  readonly client: Client;
  /** Says goodbye. */
  close(): Promise<void>;
  /** Hangs up, whatever is under way. */
  cut(): void;
}

/**
 * Dials the address that the context lets pass, with the configured host as the name TLS checks. Nothing of the
 * process's environment (PGHOST, PGSSLMODE, ~/.pgpass …) has a say. Cut when the context's signal aborts.
 */
export async function connectClient(context: PostgresContext): Promise<PostgresConnection> {
  const { config, credentials, signal } = context;
  signal.throwIfAborted();
  const [{ Client }, address] = await Promise.all([import('pg'), context.resolveHost(config.host)]);
  const socket = new Socket();
  const client = new Client({
    host: address,
    port: config.port,
    database: config.database,
    user: credentials.user,
    // A function: an empty string would make pg look for PGPASSWORD.
    password: () => credentials.password ?? '',
    ssl: tlsOptions(config, credentials),
    stream: () => socket,
    application_name: 'headgate',
    connectionTimeoutMillis: config.connectTimeoutSeconds * 1000,
    keepAlive: true,
    types: asText,
  });
  // Without a listener a broken connection would end the process; whoever waits for an answer hears of it.
  client.on('error', () => {});
  const cut = (): void => {
    signal.removeEventListener('abort', cut);
    socket.destroy();
  };
  signal.addEventListener('abort', cut);
  try {
    await client.connect();
  } catch (error) {
    cut();
    throw error;
  }
  return {
    client,
    cut,
    async close() {
      signal.removeEventListener('abort', cut);
      await client.end();
    },
  };
}

import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Connection, SASLOptions } from '@platformatic/kafka';
import type { Context } from '../../shared/connectors/connector.ts';
import type { KafkaConfig, KafkaCredentials } from './kafkaConfig.ts';

export type KafkaContext = Context<KafkaConfig, KafkaCredentials>;

/** A broker's own idea of where it is. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Longer than a broker may take to answer a fetch. */
const requestMilliseconds = 45_000;

/**
 * Dials one broker at the address that the context lets pass: brokers name each other, so every name is hostile. The
 * certificate is compared with the name, not with the address. Signs in. Throws the library's errors.
 */
export async function connectBroker(
  context: KafkaContext,
  { host, port }: BrokerAddress,
): Promise<Connection> {
  const { config, credentials, signal } = context;
  signal.throwIfAborted();
  const [{ Connection }, address] = await Promise.all([
    import('@platformatic/kafka'),
    context.resolveHost(host),
  ]);
  const tls = tlsOptions(host, config, credentials);
  const sasl = saslOptions(config, credentials);
  const connection = new Connection('headgate', {
    connectTimeout: config.connectTimeoutSeconds * 1000,
    requestTimeout: requestMilliseconds,
    ...(tls === null ? {} : { tls }),
    ...(tls === null || isIP(host) !== 0 ? {} : { tlsServerName: host }),
    ...(sasl === null ? {} : { sasl }),
  });
  // Without a listener a broken connection would end the process; whoever waits for an answer hears of it.
  connection.on('error', () => {});
  await connection.connect(address, port);
  return connection;
}

function tlsOptions(
  host: string,
  { sslmode, ca }: KafkaConfig,
  { clientCertificate, clientKey }: KafkaCredentials,
): TlsOptions | null {
  if (sslmode === 'disable') return null;
  const verified = sslmode !== 'require';
  return {
    host,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verified,
    ...(sslmode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(verified && ca !== undefined ? { ca } : {}),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  };
}

function saslOptions(
  { sasl }: KafkaConfig,
  { user, password }: KafkaCredentials,
): SASLOptions | null {
  const mechanisms = {
    none: null,
    plain: 'PLAIN',
    'scram-sha-256': 'SCRAM-SHA-256',
    'scram-sha-512': 'SCRAM-SHA-512',
  } as const;
  const mechanism = mechanisms[sasl];
  return mechanism === null ? null : { mechanism, username: user ?? '', password: password ?? '' };
}

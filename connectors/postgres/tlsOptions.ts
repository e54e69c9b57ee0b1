import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { PostgresConfig, PostgresCredentials } from './postgresConfig.ts';

/**
 * What node:tls is told for a TLS mode; false is no TLS. The certificate is compared with the configured host,
 * not with the address that was dialled for it. SNI never holds an IP address (RFC 6066, section 3).
 */
export function tlsOptions(
  config: Pick<PostgresConfig, 'host' | 'sslmode' | 'ca'>,
  credentials: Pick<PostgresCredentials, 'clientCertificate' | 'clientKey'>,
): ConnectionOptions | false {
  if (config.sslmode === 'disable') return false;
  const verified = config.sslmode !== 'require';
  return {
    host: config.host,
    ...(isIP(config.host) === 0 ? { servername: config.host } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verified,
    ...(config.sslmode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(verified && config.ca !== undefined ? { ca: config.ca } : {}),
    ...(credentials.clientCertificate !== undefined ? { cert: credentials.clientCertificate } : {}),
    ...(credentials.clientKey !== undefined ? { key: credentials.clientKey } : {}),
  };
}

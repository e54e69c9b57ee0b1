import { isIP } from 'node:net';
import type { SslOptions } from 'mysql2';
import type { MysqlConfig, MysqlCredentials } from './mysqlConfig.ts';

/** What the driver is told for a TLS mode; null is no TLS. */
export function tlsOptions(
  config: Pick<MysqlConfig, 'sslmode' | 'ca'>,
  credentials: Pick<MysqlCredentials, 'clientCertificate' | 'clientKey'>,
): SslOptions | null {
  if (config.sslmode === 'disable') return null;
  const verified = config.sslmode !== 'require';
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verified,
    verifyIdentity: config.sslmode === 'verify-full',
    ...(verified && config.ca !== undefined ? { ca: config.ca } : {}),
    ...(credentials.clientCertificate !== undefined ? { cert: credentials.clientCertificate } : {}),
    ...(credentials.clientKey !== undefined ? { key: credentials.clientKey } : {}),
  };
}

/**
 * The name the driver compares the certificate with. It passes an IP address over, and Node then compares with
 * `localhost`; with the dot that ends a full name it is passed on, and Node takes the dot off again.
 */
export const checkedName = ({ host, sslmode }: Pick<MysqlConfig, 'host' | 'sslmode'>): string =>
  sslmode === 'verify-full' && isIP(host) !== 0 ? `${host}.` : host;

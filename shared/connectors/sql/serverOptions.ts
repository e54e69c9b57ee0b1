import { isIP } from 'node:net';
import * as z from 'zod';

/** Letters, digits, hyphens and underscores between dots, or an IP address: never a path to a socket. */
const hostPattern =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

const pem = (kind: string): z.ZodString =>
  z.string().regex(new RegExp(`-----BEGIN [A-Z ]*${kind}-----`), `not a PEM ${kind.toLowerCase()}`);

/** Settings of every database that is reached over TCP; spread into its config, in this order. */
export const serverOptions = {
  host: z
    .string()
    .refine((host) => hostPattern.test(host) || isIP(host) !== 0, 'not a host name or IP address')
    .meta({ title: 'Host', description: 'Name or address of the database server.' }),
  port: z.int().min(1).max(65_535).meta({ title: 'Port', description: 'The server’s TCP port.' }),
};

/** How the connection is encrypted and what is checked of the server’s certificate. */
export const tlsSettings = {
  sslmode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('require').meta({
    title: 'TLS mode',
    description:
      'disable: no encryption. require: encrypted, certificate not checked. verify-ca: certificate must be of a trusted authority. verify-full: and name the host.',
  }),
  ca: pem('CERTIFICATE').optional().meta({
    title: 'CA certificate',
    description:
      'PEM of the authority that signed the server’s certificate, for verify-ca and verify-full. Left out: the well-known authorities.',
  }),
};

/** How long the server may take. */
export const timeoutSettings = {
  connectTimeoutSeconds: z.int().min(1).max(60).default(10).meta({
    title: 'Connect timeout in seconds',
    description: 'How long the server may take to answer a new connection.',
  }),
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(900).meta({
    title: 'Statement timeout in seconds',
    description: 'The server ends a statement that runs longer.',
  }),
};

/** A client certificate and its key, part of the credentials. */
export const clientCertificateFields = {
  clientCertificate: pem('CERTIFICATE').optional().meta({
    title: 'Client certificate',
    description: 'PEM certificate that the server accepts for the user.',
  }),
  clientKey: pem('PRIVATE KEY').optional().meta({
    title: 'Client key',
    description: 'PEM private key of the client certificate, without a passphrase.',
    secret: true,
  }),
};

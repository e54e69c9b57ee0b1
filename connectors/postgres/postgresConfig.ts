import * as z from 'zod';
import {
  clientCertificateFields,
  serverOptions,
  timeoutSettings,
  tlsSettings,
} from '../../shared/connectors/sql/serverOptions.ts';
import { sqlOptions } from '../../shared/connectors/sql/sqlOptions.ts';

export const postgresConfig = z.strictObject({
  ...serverOptions,
  port: serverOptions.port.default(5432),
  database: z
    .string()
    .min(1)
    .max(63)
    .meta({ title: 'Database', description: 'Name of the database on the server.' }),
  ...tlsSettings,
  ...sqlOptions,
  transfer: z.enum(['auto', 'cursor']).default('auto').meta({
    title: 'Transfer',
    description:
      'auto: COPY, and a cursor where the server or a proxy refuses COPY. cursor: always a cursor, several times slower.',
  }),
  ...timeoutSettings,
});
export type PostgresConfig = z.infer<typeof postgresConfig>;

export const postgresCredentials = z.strictObject({
  user: z.string().min(1).max(63).meta({
    title: 'User',
    description: 'A role with SELECT on the tables to read, and nothing more.',
  }),
  password: z.string().max(1_000).optional().meta({
    title: 'Password',
    description: 'The role’s password. Left out where a client certificate signs in.',
    secret: true,
  }),
  ...clientCertificateFields,
});
export type PostgresCredentials = z.infer<typeof postgresCredentials>;

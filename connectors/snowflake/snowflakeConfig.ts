import * as z from 'zod';
import { sqlOptions } from '../../shared/connectors/sql/sqlOptions.ts';

const named = (title: string, description: string) =>
  z.string().min(1).max(255).meta({ title, description });

export const snowflakeConfig = z.strictObject({
  account: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){0,4}$/, 'not an account identifier')
    .max(200)
    .meta({
      title: 'Account',
      description:
        'Account identifier, as it stands before .snowflakecomputing.com, e.g. myorg-myaccount.',
    }),
  warehouse: named('Warehouse', 'Virtual warehouse that runs the queries. Capitals count.'),
  database: named('Database', 'Database to read from. Capitals count.'),
  role: named('Role', 'Role to read with. Left out: the default role of the user.').optional(),
  ...sqlOptions,
  schemas: sqlOptions.schemas.unwrap().default(['PUBLIC']).meta({
    title: 'Schemas',
    description: 'Schemas whose tables and views are offered. Capitals count.',
  }),
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(3600).meta({
    title: 'Statement timeout in seconds',
    description: 'Snowflake ends a statement that runs longer.',
  }),
});
export type SnowflakeConfig = z.infer<typeof snowflakeConfig>;

export const snowflakeCredentials = z.strictObject({
  user: z.string().min(1).max(255).optional().meta({
    title: 'User',
    description: 'The user whose public key Snowflake has, for a key pair.',
  }),
  privateKey: z
    .string()
    .max(10_000)
    .regex(/^\s*-----BEGIN (ENCRYPTED |RSA )?PRIVATE KEY-----/, 'not a PEM private key')
    .optional()
    .meta({
      title: 'Private key',
      description: 'PEM private key (RSA) of the user’s key pair.',
      secret: true,
    }),
  privateKeyPassphrase: z.string().max(1_000).optional().meta({
    title: 'Passphrase',
    description: 'Of the private key, where it is encrypted.',
    secret: true,
  }),
  accessToken: z.string().min(1).max(10_000).optional().meta({
    title: 'Programmatic access token',
    description: 'A token made for the user in Snowflake, instead of a key pair.',
    secret: true,
  }),
  oauthToken: z.string().min(1).max(10_000).optional().meta({
    title: 'OAuth access token',
    description: 'A token of an OAuth server that Snowflake trusts. It is not renewed.',
    secret: true,
  }),
});
export type SnowflakeCredentials = z.infer<typeof snowflakeCredentials>;

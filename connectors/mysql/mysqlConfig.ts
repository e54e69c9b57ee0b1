import * as z from 'zod';
import {
  clientCertificateFields,
  serverOptions,
  timeoutSettings,
  tlsSettings,
} from '../../shared/connectors/sql/serverOptions.ts';
import { sqlOptions } from '../../shared/connectors/sql/sqlOptions.ts';

export const mysqlConfig = z.strictObject({
  ...serverOptions,
  port: serverOptions.port.default(3306),
  ...tlsSettings,
  ...sqlOptions,
  schemas: z.array(z.string().min(1).max(64)).min(1).max(100).meta({
    title: 'Databases',
    description: 'Databases (MySQL calls them schemas, too) whose tables and views are offered.',
  }),
  tinyint1: z.enum(['boolean', 'int']).default('boolean').meta({
    title: 'tinyint(1)',
    description:
      'boolean: 0 and 1 become false and true, as BOOL columns mean it. int: a number like any other.',
  }),
  ...timeoutSettings,
});
export type MysqlConfig = z.infer<typeof mysqlConfig>;

export const mysqlCredentials = z.strictObject({
  user: z.string().min(1).max(128).meta({
    title: 'User',
    description: 'A user with SELECT on the tables to read, and nothing more.',
  }),
  password: z.string().max(4_000).optional().meta({
    title: 'Password',
    description:
      'The user’s password, or a token that stands for one. Left out where a client certificate signs in.',
    secret: true,
  }),
  ...clientCertificateFields,
});
export type MysqlCredentials = z.infer<typeof mysqlCredentials>;

import * as z from 'zod';
import type { Connector } from '../../../shared/connectors/connector.ts';

const never = (): never => {
  throw new Error('the API never reads from a source');
};

const described = {
  description: 'For tests',
  docs: 'https://example.com/docs',
  supportsContinuous: false,
  checkpoint: z.unknown(),
  isComplete: never,
  check: never,
  discover: never,
  read: never,
};

/** A database as the API sees it. */
export const database: Connector = {
  ...described,
  name: 'postgres',
  title: 'A database',
  labels: ['database'],
  authMethods: [{ name: 'password', title: 'User and password', fields: ['user', 'password'] }],
  syncModes: ['full_refresh', 'incremental'],
  supportsDateRange: true,
  landing: false,
  config: z.strictObject({
    host: z.string().min(1).meta({ title: 'Host', description: 'Name or address.' }),
    port: z.int().min(1).max(65_535).default(5432).meta({ title: 'Port', description: 'TCP.' }),
    dsn: z.string().optional().meta({ title: 'DSN', description: 'Of a proxy.' }),
    sslKey: z.string().optional().meta({ title: 'Key', description: 'PEM.', secret: true }),
  }),
  credentials: z.strictObject({
    user: z.string().min(1).meta({ title: 'User', description: 'Name.' }),
    password: z.string().min(1).meta({ title: 'Password', description: 'Of it.', secret: true }),
  }),
};

const files = {
  ...described,
  labels: ['files'] as const,
  authMethods: [{ name: 'none' as const, title: 'None', fields: [] }],
  syncModes: ['incremental', 'full_refresh'] as const,
  supportsDateRange: false,
  landing: true,
  config: z.strictObject({
    delimiter: z.string().length(1).optional().meta({ title: 'Delimiter', description: 'One.' }),
  }),
  credentials: z.strictObject({}),
};

export const csvUpload: Connector = {
  ...files,
  name: 'csv_upload',
  title: 'CSV',
  fileTypes: ['.csv'],
};

export const localFiles: Connector = {
  ...files,
  name: 'local_files',
  title: 'Files',
  fileTypes: ['.csv', '.tsv', '.json', '.jsonl', '.ndjson', '.parquet', '.xlsx'],
};

/** A vendor that people connect in the browser, wherever its server is. */
export const vendor: Connector = {
  ...described,
  name: 'vendor_contacts',
  title: 'A vendor',
  labels: ['saas'],
  authMethods: [
    { name: 'oauth2', title: 'OAuth', fields: ['clientId', 'clientSecret', 'refreshToken'] },
  ],
  connect: {
    authorizeUrl: [{ config: 'origin' }, '/authorize'],
    tokenUrl: [{ config: 'origin' }, '/token'],
    clientAuth: 'body',
    scope: 'contacts offline',
    parameters: { access_type: 'offline' },
    pkce: true,
    clientId: 'clientId',
    clientSecret: 'clientSecret',
    refreshToken: 'refreshToken',
  },
  syncModes: ['full_refresh'],
  supportsDateRange: false,
  landing: false,
  config: z.strictObject({ origin: z.url().meta({ title: 'Origin', description: 'Of it.' }) }),
  credentials: z.strictObject({
    clientId: z.string().min(1).meta({ title: 'Client id', description: 'Of an app.' }),
    clientSecret: z
      .string()
      .min(1)
      .meta({ title: 'Client secret', description: 'Of it.', secret: true }),
    refreshToken: z
      .string()
      .min(1)
      .meta({ title: 'Refresh token', description: 'Handed out.', secret: true }),
  }),
};

export const exampleConnectors: readonly Connector[] = [csvUpload, localFiles, database, vendor];

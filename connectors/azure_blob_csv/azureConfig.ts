import * as z from 'zod';
import { remoteFilesConfig } from '../../shared/connectors/files/remoteFilesConfig.ts';

export const azureConfig = remoteFilesConfig.extend({
  account: z
    .string()
    .regex(/^[a-z0-9]{3,24}$/, 'Not the name of a storage account.')
    .optional()
    .meta({
      title: 'Storage account',
      description: 'Name of the account. Not needed with a connection string or a SAS address.',
    }),
  container: z
    .string()
    .regex(/^(\$root|[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9])$/, 'Not the name of a container.')
    .meta({ title: 'Container', description: 'Name of the container.' }),
  prefix: z.string().max(1024).default('').meta({
    title: 'Prefix',
    description: 'Only blobs whose name begins with it are looked at, such as exports/2026/.',
  }),
});
export type AzureConfig = z.infer<typeof azureConfig>;

const secret = (most: number) => z.string().min(1).max(most).optional();

export const azureCredentials = z
  .strictObject({
    connectionString: secret(5_000).meta({
      title: 'Connection string',
      description: 'Of the storage account, with its key or with a shared access signature.',
      secret: true,
    }),
    accountKey: secret(500).meta({
      title: 'Account key',
      description: 'One of the two keys of the storage account.',
      secret: true,
    }),
    sasUrl: secret(5_000).meta({
      title: 'SAS address',
      description:
        'Address of the container or the account with a shared access signature that permits read and list.',
      secret: true,
    }),
    tenantId: z
      .string()
      .regex(/^[\w.-]{1,100}$/)
      .optional()
      .meta({
        title: 'Directory (tenant) id',
        description: 'Of the Entra ID directory of an app.',
      }),
    clientId: z.string().min(1).max(100).optional().meta({
      title: 'Application (client) id',
      description: 'Of an app that has the role Storage Blob Data Reader.',
    }),
    clientSecret: secret(1_000).meta({
      title: 'Client secret',
      description: 'Of that app.',
      secret: true,
    }),
  })
  .refine(
    ({ connectionString, accountKey, sasUrl, tenantId, clientId, clientSecret }) =>
      [connectionString, accountKey, sasUrl, clientSecret].filter((each) => each !== undefined)
        .length === 1 &&
      (clientSecret === undefined) === (tenantId === undefined) &&
      (clientSecret === undefined) === (clientId === undefined),
    'Give one of: a connection string, an account key, a SAS address, or an app with its directory and secret.',
  );
export type AzureCredentials = z.infer<typeof azureCredentials>;

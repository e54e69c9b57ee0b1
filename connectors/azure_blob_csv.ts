import { defineRemoteFilesConnector } from '../shared/connectors/files/defineRemoteFilesConnector.ts';
import { formatOfFiles } from '../shared/connectors/files/remoteFilesConfig.ts';
import { azureConfig, azureCredentials } from './azure_blob_csv/azureConfig.ts';
import { openAzureStore } from './azure_blob_csv/azureStore.ts';

export default defineRemoteFilesConnector({
  name: 'azure_blob_csv',
  title: 'Azure Blob Storage',
  description:
    'CSV, TSV, JSON, JSON lines, Parquet and Excel files in a container of Azure Blob Storage.',
  docs: 'https://learn.microsoft.com/rest/api/storageservices/list-blobs',
  authMethods: [
    { name: 'key', title: 'Connection string', fields: ['connectionString'] },
    { name: 'key', title: 'Account key', fields: ['accountKey'] },
    { name: 'token', title: 'SAS address', fields: ['sasUrl'] },
    { name: 'oauth2', title: 'Entra ID app', fields: ['tenantId', 'clientId', 'clientSecret'] },
  ],
  config: azureConfig,
  credentials: azureCredentials,
  openStore: openAzureStore,
  formatOf: formatOfFiles,
  placeOf: ({ container, prefix }) => `${container}/${prefix}`,
  // A blob appears at once and whole.
  settleSeconds: () => 0,
});

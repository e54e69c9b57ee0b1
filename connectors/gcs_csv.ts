import { defineRemoteFilesConnector } from '../shared/connectors/files/defineRemoteFilesConnector.ts';
import { formatOfFiles } from '../shared/connectors/files/remoteFilesConfig.ts';
import { gcsConfig, gcsCredentials } from './gcs_csv/gcsConfig.ts';
import { openGcsStore } from './gcs_csv/gcsStore.ts';

export default defineRemoteFilesConnector({
  name: 'gcs_csv',
  title: 'Google Cloud Storage',
  description:
    'CSV, TSV, JSON, JSON lines, Parquet and Excel files in a bucket of Google Cloud Storage.',
  docs: 'https://cloud.google.com/storage/docs/json_api/v1/objects/list',
  authMethods: [{ name: 'key', title: 'Service account', fields: ['serviceAccount'] }],
  config: gcsConfig,
  credentials: gcsCredentials,
  openStore: openGcsStore,
  formatOf: formatOfFiles,
  placeOf: ({ bucket, prefix }) => `gs://${bucket}/${prefix}`,
  // Objects appear at once and whole.
  settleSeconds: () => 0,
});

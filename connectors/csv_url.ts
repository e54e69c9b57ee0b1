import { defineRemoteFilesConnector } from '../shared/connectors/files/defineRemoteFilesConnector.ts';
import { formatOfFiles } from '../shared/connectors/files/remoteFilesConfig.ts';
import { urlConfig, urlCredentials } from './csv_url/urlConfig.ts';
import { openUrlStore } from './csv_url/urlStore.ts';

export default defineRemoteFilesConnector({
  name: 'csv_url',
  title: 'Files at an address',
  description:
    'CSV, TSV, JSON, JSON lines, Parquet and Excel files that a web server answers with, whenever they changed.',
  docs: 'https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests',
  authMethods: [
    { name: 'none', title: 'Nothing to sign in to', fields: [] },
    { name: 'password', title: 'User name and password', fields: ['username', 'password'] },
    { name: 'token', title: 'Bearer token', fields: ['token'] },
    { name: 'key', title: 'A header', fields: ['headerName', 'headerValue'] },
  ],
  config: urlConfig,
  credentials: urlCredentials,
  openStore: openUrlStore,
  formatOf: formatOfFiles,
  placeOf: ({ urls }) => (urls.length === 1 ? 'the address' : `${urls.length} addresses`),
  named: true,
  settleSeconds: () => 0,
});

import { defineRemoteFilesConnector } from '../shared/connectors/files/defineRemoteFilesConnector.ts';
import { formatOfFiles } from '../shared/connectors/files/remoteFilesConfig.ts';
import { sftpConfig, sftpCredentials } from './sftp_csv/sftpConfig.ts';
import { openSftpStore } from './sftp_csv/sftpStore.ts';

export default defineRemoteFilesConnector({
  name: 'sftp_csv',
  title: 'SFTP',
  description: 'CSV, TSV, JSON, JSON lines, Parquet and Excel files in a folder of an SFTP server.',
  docs: 'https://man.openbsd.org/sftp-server',
  authMethods: [
    { name: 'password', title: 'Password', fields: ['username', 'password'] },
    { name: 'key', title: 'Private key', fields: ['username', 'privateKey', 'passphrase'] },
  ],
  config: sftpConfig,
  credentials: sftpCredentials,
  openStore: openSftpStore,
  formatOf: formatOfFiles,
  placeOf: ({ host, path }) => `${path} on ${host}`,
  settleSeconds: (config) => config.settleSeconds,
});

import { defineRemoteFilesConnector } from '../shared/connectors/files/defineRemoteFilesConnector.ts';
import { formatOfFiles } from '../shared/connectors/files/remoteFilesConfig.ts';
import { s3Config, s3Credentials } from './s3_csv/s3Config.ts';
import { openS3Store } from './s3_csv/s3Store.ts';

export default defineRemoteFilesConnector({
  name: 's3_csv',
  title: 'Amazon S3',
  description:
    'CSV, TSV, JSON, JSON lines, Parquet and Excel files in a bucket of Amazon S3, or of a service that speaks S3.',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html',
  authMethods: [
    {
      name: 'key',
      title: 'Access key',
      fields: ['accessKeyId', 'secretAccessKey', 'sessionToken'],
    },
    { name: 'token', title: 'Role', fields: ['roleArn', 'externalId'] },
  ],
  config: s3Config,
  credentials: s3Credentials,
  openStore: openS3Store,
  formatOf: formatOfFiles,
  placeOf: ({ bucket, prefix }) => `s3://${bucket}/${prefix}`,
  // Objects appear at once and whole.
  settleSeconds: () => 0,
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { assumeRole } from '../../connectors/s3_csv/assumeRole.ts';
import s3Csv from '../../connectors/s3_csv.ts';
import { openS3 } from '../../local/s3/openS3.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { hostInFolder } from '../local/hostInFolder.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { describeConnector } from './conformance.ts';
import {
  bytesOfFirst,
  expectNames,
  type FilePlace,
  filesContext,
  localSurroundings,
  readFiles,
  remoteFilesExample,
} from './remoteFilesExample.ts';

const connector = s3Csv as unknown as Connector;
const host = await hostInFolder((folder) => openS3({ folder }));
const client = new S3Client({
  ...localClientConfig,
  endpoint: host.endpoint,
  forcePathStyle: true,
});
afterAll(async () => {
  client.destroy();
  await host.close();
});

const bucketOf = async (Bucket: string): Promise<FilePlace> => {
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    put: async (Key, Body) => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    remove: async (Key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
  };
};
/** The embedded S3 knows one pair of keys. */
const credentials = { accessKeyId: 'headgate', secretAccessKey: 'headgate' };
const configOf = (bucket: string) => ({ bucket, endpoint: host.endpoint });
const contextOf = (bucket: string, config: object = {}, over = {}) =>
  filesContext(connector, { ...configOf(bucket), ...config }, credentials, over);

/** A service that refuses everything with one of S3's error codes. */
const refusing = (status: number, code: string) => ({
  title: `S3’s ${code}`,
  surroundings: () => ({
    ...localSurroundings(),
    fetch: async () =>
      new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`, {
        status,
        headers: { 'content-type': 'application/xml' },
      }),
  }),
});

describeConnector(
  await remoteFilesExample(
    {
      connector,
      config: { ...configOf('conformance'), prefix: 'in/' },
      credentials: {
        ...credentials,
        sessionToken: 'canary-session-token-of-the-example',
      },
      surroundings: localSurroundings,
      refusals: [
        {
          title: 'a bucket that is not there',
          config: { bucket: 'no-such-bucket' },
          code: 'source_not_found',
          says: /no bucket no-such-bucket/,
        },
        {
          title: 'a service that does not answer',
          config: { endpoint: 'http://127.0.0.1:9' },
          code: 'source_unreachable',
          says: /got no answer/,
        },
        {
          title: 'an endpoint inside the network',
          config: { endpoint: 'https://169.254.169.254' },
          code: 'address_refused',
          says: /metadata/,
        },
        {
          ...refusing(403, 'InvalidAccessKeyId'),
          credentials: { secretAccessKey: 'canary-secret-that-is-refused' },
          code: 'invalid_credentials',
          says: /Check the access key/,
        },
        {
          ...refusing(403, 'SignatureDoesNotMatch'),
          code: 'invalid_credentials',
          says: /secret/,
        },
        { ...refusing(403, 'AccessDenied'), code: 'source_forbidden', says: /s3:ListBucket/ },
        {
          ...refusing(400, 'AuthorizationHeaderMalformed'),
          code: 'invalid_config',
          says: /region/,
        },
      ],
    },
    await bucketOf('conformance'),
    'in/',
  ),
);

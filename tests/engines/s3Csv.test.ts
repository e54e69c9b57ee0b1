import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, expect, it } from 'vitest';
import { assumeRole } from '../../connectors/s3_csv/assumeRole.ts';
import s3Csv from '../../connectors/s3_csv.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { describeConnector } from '../connectors/conformance.ts';
import { notEmulated } from '../connectors/connectorExample.ts';
import {
  bytesOfFirst,
  filesContext,
  localSurroundings,
  readFiles,
  remoteFilesExample,
} from '../connectors/remoteFilesExample.ts';
import { findMoto, startMoto } from './startMoto.ts';

const connector = s3Csv as unknown as Connector;
const found = await findMoto();
if ('server' in found) {
  const moto = await startMoto(found.server);
  const keys = { accessKeyId: 'headgate', secretAccessKey: 'canary-secret-of-the-example' };
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: moto.endpoint,
    forcePathStyle: true,
    // The SDK writes into what it is given.
    credentials: { ...keys },
  });
  afterAll(async () => {
    client.destroy();
    await moto.close();
  });
  const Bucket = 'headgate-engines';
  await client.send(new CreateBucketCommand({ Bucket }));
  const put = async (Key: string, content: string | Uint8Array) => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(content) }));
  };
  const config = { bucket: Bucket, endpoint: moto.endpoint };
  describeConnector(
    await remoteFilesExample(
      {
        title: 'moto',
        connector,
        config: { ...config, prefix: 'in/' },
        credentials: { ...keys, sessionToken: 'canary-session-token-of-the-example' },
        surroundings: localSurroundings,
        cannotBe: notEmulated,
        refusals: [
          {
            title: 'a bucket that is not there',
            config: { bucket: 'no-such-bucket' },
            code: 'source_not_found',
            says: /no bucket no-such-bucket/,
          },
        ],
      },
      {
        put,
        remove: async (Key) => {
          await client.send(new DeleteObjectCommand({ Bucket, Key }));
        },
      },
      'in/',
    ),
  );

  it('reads from an offset, and notices that an object changed', async () => {
    await put('more/a.csv', 'id\n1\n');
    const context = filesContext(connector, { ...config, prefix: 'more/' }, keys);
    const { batches } = await readFiles(connector, context);
    expect(String(await bytesOfFirst(batches, 3))).toBe('1\n');
    await put('more/a.csv', 'id\n2\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
  });

  it('assumes a role, whose keys read the bucket', async () => {
    const sts = mapOrigins(createFetch({ allow: ['127.0.0.1'] }), {
      'https://sts.us-east-1.amazonaws.com': moto.endpoint,
    });
    const context = filesContext(connector, config, keys, { fetch: sts });
    const assumed = await assumeRole(context, keys, {
      arn: 'arn:aws:iam::123456789012:role/headgate-source-reader',
      externalId: 'nobody-guesses-this',
      region: 'us-east-1',
    });
    expect(assumed.expiration?.getTime()).toBeGreaterThan(Date.now());
    const { expiration: _, ...credentials } = assumed;
    expect(await connector.check(filesContext(connector, config, credentials))).toMatchObject({
      ok: true,
    });
  });
} else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${found.missing}): s3_csv ran against ours only`);
    expect(found.missing).not.toBe('');
  });

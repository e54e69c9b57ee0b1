import { createHash, createHmac } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'vitest';
import { plain, refusalOf, type S3Promise, type S3UnderTest } from './s3UnderTest.ts';

const clientWith = ({ endpoint, credentials }: S3UnderTest, rest: object = {}): S3Client =>
  new S3Client({
    region: 'us-east-1',
    endpoint,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    ...rest,
  });

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

/** A PUT in signed chunks, signed here by the letter of the specification and not by the SDK. */
async function putInSignedChunks(
  { endpoint, credentials }: S3UnderTest,
  path: string,
  chunks: readonly string[],
  spoil: (body: string) => string = (body) => body,
): Promise<number> {
  const amzDate = `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const scope = `${amzDate.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const hmac = (key: string | Buffer, data: string): Buffer =>
    createHmac('sha256', key).update(data).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const sign = (lines: readonly string[]): string => hmac(key, lines.join('\n')).toString('hex');
  const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const decoded = chunks.join('');
  const headers: Record<string, string> = {
    'content-encoding': 'aws-chunked',
    host: new URL(endpoint).host,
    'x-amz-content-sha256': payload,
    'x-amz-date': amzDate,
    'x-amz-decoded-content-length': String(decoded.length),
    'x-amz-trailer': 'x-amz-checksum-sha256',
  };
  const names = Object.keys(headers).join(';');
  const canonical = [
    'PUT',
    path,
    '',
    ...Object.entries(headers).map((pair) => pair.join(':')),
    '',
    names,
    payload,
  ].join('\n');
  const seed = sign(['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)]);
  let previous = seed;
  let body = '';
  for (const chunk of [...chunks, '']) {
    const lines = ['AWS4-HMAC-SHA256-PAYLOAD', amzDate, scope, previous, sha256(''), sha256(chunk)];
    previous = sign(lines);
    body += `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`;
  }
  const trailer = `x-amz-checksum-sha256:${createHash('sha256').update(decoded).digest('base64')}`;
  const signature = sign([
    'AWS4-HMAC-SHA256-TRAILER',
    amzDate,
    scope,
    previous,
    sha256(`${trailer}\n`),
  ]);
  body += `${trailer}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
  const { host: _host, ...sent } = headers;
  const answer = await plain(endpoint + path, {
    method: 'PUT',
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${seed}`,
    },
    body: spoil(body),
  });
  return answer.status;
}

export const signingPromises: readonly S3Promise[] = [
  {
    title: 'a request without a signature is refused',
    keep: async ({ endpoint, newBucket, put }) => {
      const bucket = await newBucket();
      await put(bucket, 'key', 'x');
      const answer = await plain(`${endpoint}/${bucket}/key`);
      expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
    },
  },
  {
    title: 'a wrong secret or key id is refused',
    keep: async (s3) => {
      const wrongSecret = clientWith(s3, {
        credentials: { ...s3.credentials, secretAccessKey: 'wrong' },
      });
      const secret = await refusalOf(wrongSecret.send(new ListBucketsCommand({})));
      expect([secret.code, secret.status]).toEqual(['SignatureDoesNotMatch', 403]);
      const wrongId = clientWith(s3, { credentials: { ...s3.credentials, accessKeyId: 'wrong' } });
      const id = await refusalOf(wrongId.send(new ListBucketsCommand({})));
      expect([id.code, id.status]).toEqual(['InvalidAccessKeyId', 403]);
    },
  },
  {
    title: 'a request signed long ago is refused',
    keep: async (s3) => {
      const late = clientWith(s3, { systemClockOffset: -3_600_000 });
      const refusal = await refusalOf(late.send(new ListBucketsCommand({})));
      expect([refusal.code, refusal.status]).toEqual(['RequestTimeTooSkewed', 403]);
    },
  },
  {
    title: 'presigned URLs put, get and delete, odd keys too',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const client = clientWith(s3);
      for (const Key of ['plain', 'a//b c+d?e=ü%', "(x)'!*~"]) {
        const put = await getSignedUrl(
          client,
          new PutObjectCommand({ Bucket, Key, ContentType: 'text/csv' }),
          { expiresIn: 60 },
        );
        const stored = await plain(put, {
          method: 'PUT',
          body: `body of ${Key}`,
          headers: { 'content-type': 'text/csv' },
        });
        expect([stored.status, stored.code]).toEqual([200, undefined]);
        const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }));
        expect((await plain(get)).text).toBe(`body of ${Key}`);
        const remove = await getSignedUrl(client, new DeleteObjectCommand({ Bucket, Key }));
        expect((await plain(remove, { method: 'DELETE' })).status).toBe(204);
        expect((await plain(get)).code).toBe('NoSuchKey');
      }
    },
  },
  {
    title: 'a presigned URL is for one method, one key and one set of parameters',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put(Bucket, 'key', 'x');
      await s3.put(Bucket, 'other', 'secret');
      const client = clientWith(s3);
      const get = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'key' }));
      for (const [url, method] of [
        [get, 'PUT'],
        [get.replace('/key?', '/other?'), 'GET'],
        [`${get}&versionId=null`, 'GET'],
        [get.replace('X-Amz-Expires=900', 'X-Amz-Expires=9000'), 'GET'],
        [
          get.replace(/Signature=./, (found) => `Signature=${found.endsWith('0') ? '1' : '0'}`),
          'GET',
        ],
      ] as const) {
        const answer = await plain(url, { method });
        expect([answer.status, answer.code]).toEqual([403, 'SignatureDoesNotMatch']);
      }
    },
  },
  {
    title: 'an expired presigned URL is refused and says so',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put(Bucket, 'key', 'x');
      const url = await getSignedUrl(clientWith(s3), new GetObjectCommand({ Bucket, Key: 'key' }), {
        expiresIn: 60,
        signingDate: new Date(Date.now() - 120_000),
      });
      const answer = await plain(url);
      expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
      expect(answer.text).toContain('Request has expired');
    },
  },
  {
    title: 'headers that were not signed cannot be smuggled in',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put(Bucket, 'secret', 'x');
      const url = await getSignedUrl(clientWith(s3), new PutObjectCommand({ Bucket, Key: 'key' }));
      const answer = await plain(url, {
        method: 'PUT',
        headers: { 'x-amz-copy-source': `${Bucket}/secret` },
      });
      expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
    },
  },
  {
    title: 'parts are uploaded through presigned URLs',
    keep: async (s3) => {
      const { CreateMultipartUploadCommand, CompleteMultipartUploadCommand } = await import(
        '@aws-sdk/client-s3'
      );
      const Bucket = await s3.newBucket();
      const client = clientWith(s3);
      const id = { Bucket, Key: 'large' };
      const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand(id));
      const url = await getSignedUrl(
        client,
        new UploadPartCommand({ ...id, UploadId, PartNumber: 1 }),
      );
      const part = await plain(url, { method: 'PUT', body: 'part' });
      expect(part.status).toBe(200);
      const Parts = [{ PartNumber: 1, ETag: part.headers.get('etag') ?? '' }];
      await client.send(
        new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload: { Parts } }),
      );
      const got = await client.send(new GetObjectCommand(id));
      expect(await got.Body?.transformToString()).toBe('part');
    },
  },
  {
    title: 'signed chunks are verified one by one, and their trailer',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const path = `/${Bucket}/key`;
      const chunks = ['a'.repeat(8192), 'b'.repeat(100)];
      expect(await putInSignedChunks(s3, path, chunks)).toBe(200);
      const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
      expect(await got.Body?.transformToString()).toBe(chunks.join(''));
      for (const spoil of [
        (body: string) => body.replace('bbb', 'bbc'),
        (body: string) => body.replace(/(trailer-signature:)./, '$1g'),
        (body: string) => body.replaceAll(/;chunk-signature=[0-9a-f]+/g, ''),
      ])
        expect(await putInSignedChunks(s3, path, chunks, spoil)).toBe(403);
    },
  },
  {
    title: 'a signed body that was changed on the way is refused',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const client = clientWith(s3);
      client.middlewareStack.add(
        (next) => async (args) => {
          Object.assign(args.request as object, { body: 'evil' });
          return await next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'spoil' },
      );
      const refusal = await refusalOf(
        client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'good' })),
      );
      expect([refusal.code, refusal.status]).toEqual(['XAmzContentSHA256Mismatch', 400]);
    },
  },
];

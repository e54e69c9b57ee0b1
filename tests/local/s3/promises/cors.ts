import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'vitest';
import { plain, refusalOf, type S3Promise, type S3UnderTest } from './s3UnderTest.ts';

const CORSRules = [
  {
    AllowedOrigins: ['https://app.example.com', 'https://*.example.org'],
    AllowedMethods: ['PUT', 'POST', 'GET'],
    AllowedHeaders: ['content-type', 'x-amz-*'],
    ExposeHeaders: ['ETag', 'x-amz-version-id'],
    MaxAgeSeconds: 600,
  },
  { AllowedOrigins: ['*'], AllowedMethods: ['GET'] },
];

async function corsBucket(s3: S3UnderTest): Promise<string> {
  const Bucket = await s3.newBucket();
  await s3.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  return Bucket;
}

const preflight = (
  url: string,
  origin: string,
  method: string,
  headers?: string,
): ReturnType<typeof plain> =>
  plain(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
    },
  });

export const corsPromises: readonly S3Promise[] = [
  {
    title: 'the CORS configuration is kept, returned and removed',
    keep: async (s3) => {
      const Bucket = await corsBucket(s3);
      const { CORSRules: kept } = await s3.client.send(new GetBucketCorsCommand({ Bucket }));
      expect(kept).toMatchObject(CORSRules);
      await s3.client.send(new DeleteBucketCorsCommand({ Bucket }));
      const refusal = await refusalOf(s3.client.send(new GetBucketCorsCommand({ Bucket })));
      expect([refusal.code, refusal.status]).toEqual(['NoSuchCORSConfiguration', 404]);
    },
  },
  {
    title: 'a preflight is answered from the rule that fits',
    keep: async (s3) => {
      const bucket = await corsBucket(s3);
      const url = `${s3.endpoint}/${bucket}/key`;
      for (const origin of ['https://app.example.com', 'https://sub.example.org']) {
        const answer = await preflight(url, origin, 'PUT', 'Content-Type, x-amz-meta-a');
        expect(answer.status).toBe(200);
        expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
        expect(answer.headers.get('access-control-allow-methods')).toBe('PUT, POST, GET');
        expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toBe(
          'content-type, x-amz-meta-a',
        );
        expect(answer.headers.get('access-control-expose-headers')).toBe('ETag, x-amz-version-id');
        expect(answer.headers.get('access-control-max-age')).toBe('600');
        expect(answer.headers.get('vary')).toContain('Origin');
      }
      const anyone = await preflight(url, 'https://anyone.test', 'GET');
      expect(anyone.headers.get('access-control-allow-origin')).toBe('*');
    },
  },
  {
    title: 'a preflight no rule fits is refused',
    keep: async (s3) => {
      const bucket = await corsBucket(s3);
      const url = `${s3.endpoint}/${bucket}/key`;
      for (const [origin, method, headers] of [
        ['https://anyone.test', 'PUT', undefined],
        ['https://app.example.com', 'DELETE', undefined],
        ['https://app.example.com', 'PUT', 'authorization'],
        ['https://example.org', 'PUT', undefined],
      ] as const) {
        const answer = await preflight(url, origin, method, headers);
        expect([origin, method, answer.status]).toEqual([origin, method, 403]);
        expect(answer.headers.get('access-control-allow-origin')).toBe(null);
      }
      const bare = await s3.newBucket();
      expect((await preflight(`${s3.endpoint}/${bare}/key`, 'https://a.test', 'GET')).status).toBe(
        403,
      );
    },
  },
  {
    title: 'answers to a browser carry the headers of the rule, errors too',
    keep: async (s3) => {
      const Bucket = await corsBucket(s3);
      await s3.put(Bucket, 'key', 'x');
      const client = new S3Client({
        region: 'us-east-1',
        endpoint: s3.endpoint,
        credentials: s3.credentials,
        forcePathStyle: true,
      });
      for (const [Key, status] of [
        ['key', 200],
        ['none', 404],
      ] as const) {
        const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }));
        const answer = await plain(url, { headers: { origin: 'https://app.example.com' } });
        expect(answer.status).toBe(status);
        expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
        expect(answer.headers.get('access-control-expose-headers')).toBe('ETag, x-amz-version-id');
        expect((await plain(url)).headers.get('access-control-allow-origin')).toBe(null);
      }
    },
  },
];

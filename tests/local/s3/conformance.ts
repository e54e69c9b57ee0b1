import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketPromises } from './promises/buckets.ts';
import { checksumPromises } from './promises/checksums.ts';
import { conditionPromises } from './promises/conditions.ts';
import { corsPromises } from './promises/cors.ts';
import { listingPromises } from './promises/listing.ts';
import { multipartPromises } from './promises/multipart.ts';
import { objectPromises } from './promises/objects.ts';
import { postPromises } from './promises/post.ts';
import { type S3Promise, type S3UnderTest, underTest } from './promises/s3UnderTest.ts';
import { signingPromises } from './promises/signing.ts';
import { versionPromises } from './promises/versions.ts';

export interface S3Endpoint {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
}

const groups: Readonly<Record<string, readonly S3Promise[]>> = {
  buckets: bucketPromises,
  objects: objectPromises,
  conditions: conditionPromises,
  listings: listingPromises,
  versions: versionPromises,
  multipart: multipartPromises,
  checksums: checksumPromises,
  signing: signingPromises,
  'form uploads': postPromises,
  CORS: corsPromises,
};

export interface DescribeS3Options {
  /**
   * Promises this endpoint is known to break, with the reason. They are run all the same and MUST fail, so
   * that the list cannot outlive its reasons.
   */
  readonly differences?: Readonly<Record<string, string>>;
}

/** Everything Headgate relies on in S3, against any endpoint that speaks it. */
export function describeS3(
  name: string,
  connect: () => Promise<S3Endpoint>,
  { differences = {} }: DescribeS3Options = {},
): void {
  describe(name, () => {
    let endpoint: S3Endpoint;
    let s3: S3UnderTest;
    beforeAll(async () => {
      endpoint = await connect();
      const client = new S3Client({
        region: 'us-east-1',
        endpoint: endpoint.endpoint,
        credentials: endpoint.credentials,
        forcePathStyle: true,
        maxAttempts: 1,
      });
      s3 = underTest(client, endpoint.endpoint, endpoint.credentials);
    });
    afterAll(async () => {
      s3.client.destroy();
      await endpoint.close();
    });
    const titles = Object.values(groups).flatMap((promises) => promises.map(({ title }) => title));
    it('lists as differences only promises that exist', () => {
      expect(Object.keys(differences).filter((title) => !titles.includes(title))).toEqual([]);
    });
    for (const [group, promises] of Object.entries(groups))
      describe(group, () => {
        for (const { title, keep } of promises)
          if (differences[title] === undefined) it(title, () => keep(s3));
          else
            it(`differs: ${title}`, async () => {
              await expect(keep(s3)).rejects.toThrow();
            });
      });
  });
}

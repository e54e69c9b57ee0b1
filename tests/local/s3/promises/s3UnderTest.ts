import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

/** One promise of S3, kept or broken by the endpoint it is tried on. */
export interface S3Promise {
  readonly title: string;
  readonly keep: (s3: S3UnderTest) => Promise<void>;
}

export interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly error: unknown;
}

export interface S3UnderTest {
  readonly client: S3Client;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A bucket nobody else uses. */
  newBucket(options?: { readonly versioned?: boolean }): Promise<string>;
  put(
    bucket: string,
    key: string,
    body: string | Uint8Array,
    rest?: Partial<PutObjectCommandInput>,
  ): Promise<PutObjectCommandOutput>;
}

export const underTest = (
  client: S3Client,
  endpoint: string,
  credentials: S3UnderTest['credentials'],
): S3UnderTest => ({
  client,
  endpoint,
  credentials,
  newBucket: async ({ versioned = false } = {}) => {
    const Bucket = `promise-${randomBytes(8).toString('hex')}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    if (versioned)
      await client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    return Bucket;
  },
  put: (Bucket, Key, Body, rest = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...rest })),
});

/** What a call was refused with; throws when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & {
      $metadata?: { httpStatusCode?: number };
    };
    if ($metadata === undefined) throw error;
    return { code: name, message, status: $metadata.httpStatusCode ?? 0, error };
  }
  throw new Error(`expected a refusal, got ${JSON.stringify(answer)}`);
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The `<Code>` of an error document. */
  readonly code: string | undefined;
}

/** A request as a browser or curl would send it. */
export async function plain(url: string, init?: RequestInit): Promise<PlainAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  return { status: response.status, headers: response.headers, text, code };
}

/** Bytes that differ everywhere and are the same in every run. */
export function pattern(bytes: number, seed = 1): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let index = 0, state = seed; index < bytes; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    data[index] = state >>> 24;
  }
  return data;
}

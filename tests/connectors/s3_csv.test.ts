import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, describe, expect, it } from 'vitest';
import { assumeRole } from '../../connectors/s3_csv/assumeRole.ts';
import s3Csv from '../../connectors/s3_csv.ts';
import { openS3 } from '../../local/s3/openS3.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { hostInFolder } from '../local/hostInFolder.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { startPacedFront } from '../simulators/pacedFront.ts';
import { describeConnector } from './conformance.ts';
import {
  bytesOfFirst,
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
/** As S3 asks for a pause; services that speak S3 say for how long, Amazon's in a header of its own. */
const front = await startPacedFront(
  host.endpoint,
  { status: 503, body: '<Error><Code>SlowDown</Code><Message>m</Message></Error>' },
  { status: 429, body: '<Error><Code>TooManyRequests</Code><Message>m</Message></Error>' },
);
afterAll(async () => {
  await front[Symbol.asyncDispose]();
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
      paced: { source: front, says: ['seconds', 'date', 'x-amz-retry-after'] },
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

describe('objects in S3', () => {
  it('come byte for byte, also from an offset and where the connection broke', async () => {
    const place = await bucketOf('bytes');
    const content = randomBytes(3_000_000);
    await place.put('a.csv', content);
    const breaking: typeof fetch = async (input, init) => {
      const response = await localSurroundings().fetch(input, init);
      if (!String(input).includes('a.csv') || response.body === null) return response;
      let left = 1_000_000;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          left -= chunk.length;
          if (left > 0) controller.enqueue(chunk);
          else controller.terminate();
        },
      });
      return new Response(response.body.pipeThrough(cut), response);
    };
    for (const context of [contextOf('bytes'), contextOf('bytes', {}, { fetch: breaking })]) {
      const { batches } = await readFiles(connector, context);
      expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
      expect((await bytesOfFirst(batches, 2_999_000)).equals(content.subarray(2_999_000))).toBe(
        true,
      );
    }
  });

  it('that change while they are read are noticed, and the same bytes again are no change', async () => {
    const place = await bucketOf('change');
    await place.put('a.csv', 'id\n1\n');
    const { batches, checkpoint } = await readFiles(connector, contextOf('change'));
    await place.put('a.csv', 'id\n1\n');
    expect((await readFiles(connector, contextOf('change'), checkpoint)).names).toEqual([]);
    await place.put('a.csv', 'id\n2\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
    const next = await readFiles(connector, contextOf('change'), checkpoint);
    expect([next.names, next.replaced]).toEqual([['a.csv'], ['a.csv']]);
    await place.remove('a.csv');
    await expect(bytesOfFirst(next.batches)).rejects.toMatchObject({ code: 'file_changed' });
  });

  it('that are archived fail alone, and say what to do', async () => {
    await (await bucketOf('archive')).put('a.csv', 'id\n1\n');
    const { batches } = await readFiles(
      connector,
      contextOf(
        'archive',
        {},
        {
          fetch: (input: URL, init: RequestInit) =>
            String(input).includes('a.csv')
              ? refusing(403, 'InvalidObjectState').surroundings().fetch()
              : localSurroundings().fetch(input, init),
        },
      ),
    );
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('Glacier'),
    });
  });

  it('are listed over many pages', async () => {
    const place = await bucketOf('pages');
    const names = Array.from(
      { length: 1_003 },
      (_, index) => `${String(index).padStart(4, '0')}.csv`,
    );
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => place.put(name, 'id\n')));
    const { names: found } = await readFiles(connector, contextOf('pages'));
    expect([...found].sort()).toEqual(names);
  });
});

describe('a role in another account', () => {
  const own = { accessKeyId: 'AKOWN', secretAccessKey: 'canary-own', sessionToken: 'canary-token' };
  const role = {
    arn: 'arn:aws:iam::123456789012:role/headgate-source-reader',
    externalId: 'nobody-guesses-this',
    region: 'eu-central-1',
  };
  const now = new Date('2026-11-21T12:34:56.789Z');
  const contextWith = (fetch: typeof globalThis.fetch) =>
    filesContext(connector, configOf('any'), credentials, { fetch, now: () => now });

  it('is assumed with a request that is signed as AWS’s own signer signs it', async () => {
    let sent: { readonly url: string; readonly init: RequestInit } | null = null;
    const keys = await assumeRole(
      contextWith(async (input, init) => {
        sent = { url: String(input), init: init ?? {} };
        return new Response(`<AssumeRoleResponse><AssumeRoleResult><Credentials>
          <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>canary-secret</SecretAccessKey>
          <SessionToken>canary-session</SessionToken><Expiration>2026-11-21T13:34:56Z</Expiration>
          </Credentials></AssumeRoleResult></AssumeRoleResponse>`);
      }),
      own,
      role,
    );
    expect(keys).toEqual({
      accessKeyId: 'ASIA1',
      secretAccessKey: 'canary-secret',
      sessionToken: 'canary-session',
      expiration: new Date('2026-11-21T13:34:56Z'),
    });
    const { url, init } = sent as unknown as { url: string; init: RequestInit };
    expect(url).toBe('https://sts.eu-central-1.amazonaws.com/');
    expect(Object.fromEntries(new URLSearchParams(String(init.body)))).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: role.arn,
      ExternalId: role.externalId,
    });
    const { authorization, ...headers } = init.headers as Record<string, string>;
    const signer = new SignatureV4({
      service: 'sts',
      region: role.region,
      credentials: own,
      applyChecksum: false,
      sha256: NodeSha256,
    });
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol: 'https:',
        hostname: 'sts.eu-central-1.amazonaws.com',
        path: '/',
        query: {},
        headers: { ...headers, host: 'sts.eu-central-1.amazonaws.com' },
        body: init.body,
      },
      { signingDate: now },
    );
    expect(authorization?.replaceAll(' ', '')).toBe(
      signed.headers['authorization']?.replaceAll(' ', ''),
    );
  });

  it('says whom its trust policy has to name when it is refused', async () => {
    const refused = assumeRole(
      contextWith(
        async () =>
          new Response('<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', {
            status: 403,
          }),
      ),
      own,
      role,
    );
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: expect.stringContaining('trust policy'),
    });
    const { credentials: schema } = connector;
    expect(schema.safeParse({ roleArn: role.arn }).success).toBe(false);
    expect(schema.safeParse({ roleArn: role.arn, externalId: 'some-id' }).success).toBe(true);
    const other = 'arn:aws:iam::123456789012:role/admin';
    expect(schema.safeParse({ roleArn: other, externalId: 'some-id' }).success).toBe(false);
  });
});

/** What the SDK's signer wants of a hash. */
class NodeSha256 {
  readonly #hash: { update(data: Uint8Array): unknown; digest(): Buffer };
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : Buffer.from(secret as never));
  }
  update(data: Uint8Array): void {
    this.#hash.update(Buffer.from(data as never));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

import type { S3Client } from '@aws-sdk/client-s3';
import type { Context, FileRef } from '../../shared/connectors/connector.ts';
import type { FileStore, ListedFile } from '../../shared/connectors/files/fileStore.ts';
import { type AwsKeys, assumeRole } from './assumeRole.ts';
import { fetchHandler } from './fetchHandler.ts';
import type { S3Config, S3Credentials } from './s3Config.ts';
import { s3Failure } from './s3Failure.ts';

/** A bucket as a store of files; versions are ETags, so the same bytes written again count as the same. */
export function openS3Store(context: Context<S3Config, S3Credentials>): FileStore {
  const { config, signal } = context;
  const { bucket, prefix, requesterPays } = config;
  const payer = requesterPays ? ({ RequestPayer: 'requester' } as const) : {};
  let client: Promise<S3Client> | null = null;
  const connect = (): Promise<S3Client> => {
    client ??= connectS3(context);
    return client;
  };
  const failure = (error: unknown, file?: FileRef): unknown => s3Failure(error, config, file);
  return {
    async *list() {
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
      let token: string | undefined;
      do {
        signal.throwIfAborted();
        const page = await (await connect())
          .send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...payer,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            { abortSignal: signal },
          )
          .catch((error: unknown) => {
            throw failure(error);
          });
        yield (page.Contents ?? []).flatMap(({ Key, ETag, Size, LastModified }): ListedFile[] =>
          Key === undefined || ETag === undefined || LastModified === undefined
            ? []
            : [{ name: Key, versionId: ETag, bytes: Size ?? 0, modifiedAt: LastModified }],
        );
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },

    async *open(file, from) {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      try {
        const { Body } = await (await connect()).send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: file.name,
            IfMatch: file.versionId,
            ...payer,
            ...(from === 0 ? {} : { Range: `bytes=${from}-` }),
          }),
          { abortSignal: signal },
        );
        yield* Body as AsyncIterable<Uint8Array>;
      } catch (error) {
        throw failure(error, file);
      }
    },
  };
}

async function connectS3(context: Context<S3Config, S3Credentials>): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { config, credentials, fetch } = context;
  const { region, endpoint } = config;
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(endpoint === undefined ? { followRegionRedirects: true } : {}),
    // Requests are tried again by `fetch`, and by nobody else.
    maxAttempts: 1,
    // Not every service that speaks S3 knows checksums; ETags and lengths are held to anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: fetchHandler(fetch) as never,
    credentials: async () => keysOf(context, credentials, region),
  });
}

async function keysOf(
  context: Context<S3Config, S3Credentials>,
  { accessKeyId, secretAccessKey, sessionToken, roleArn, externalId }: S3Credentials,
  region: string,
): Promise<AwsKeys> {
  if (roleArn !== undefined && externalId !== undefined) {
    const { S3Client } = await import('@aws-sdk/client-s3');
    // The function's own keys, as the SDK finds them.
    const own = await new S3Client({ region }).config.credentials();
    return assumeRole(context, own, { arn: roleArn, externalId, region });
  }
  return {
    accessKeyId: accessKeyId ?? '',
    secretAccessKey: secretAccessKey ?? '',
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

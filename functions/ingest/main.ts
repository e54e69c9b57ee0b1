import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openTable } from '../../shared/aws/clients.ts';
import { openObject, uploadFile } from '../../shared/aws/objects.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { readEnv } from '../../shared/env.ts';
import { fanOutOptions } from '../../shared/fanout/fanOutOptions.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { createHostResolver } from '../../shared/http/createHostResolver.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { listLiveFiles } from '../../shared/lake/listLiveFiles.ts';
import { s3ObjectStore } from '../../shared/lake/s3ObjectStore.ts';
import { mergeCommit } from '../../shared/merge/mergeCommit.ts';
import { createRunLog } from '../../shared/runs/runLog.ts';
import { maskKeyOf } from '../../shared/schema/maskKey.ts';
import { maskKeyName } from '../../shared/schema/maskKeyName.ts';
import { readSecret } from '../../shared/secrets/readSecret.ts';
import { openStreamLoader } from '../../shared/staging/openStreamLoader.ts';
import { collectLess } from './collectLess.ts';
import { makeHandler } from './handler.ts';

/** The API waits for a probe, 25 s at most. */
const probeSleepSeconds = 5;
/** Kept of an invocation's time for files, their upload and the answer. */
const finishMilliseconds = 90_000;

/** Called once per bundle, with the one connector that the bundle is made for. */
export function createHandler(connector: Connector): ReturnType<typeof makeHandler> {
  collectLess();
  const env = readEnv('ingest', process.env);
  const s3 = new S3Client({});
  const secrets = new SecretsManagerClient({});
  const runLog = createRunLog();
  const allow = env.ALLOWED_ADDRESSES.split(',').filter((entry) => entry !== '');
  const memoryMegabytes = env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  return makeHandler(
    {
      connector,
      table: openTable(env.TABLE_NAME),
      store: s3ObjectStore(s3, env.LAKE_BUCKET),
      upload: (localPath, key, signal) => uploadFile(s3, env.LAKE_BUCKET, key, localPath, signal),
      download: (path, signal) =>
        openObject(s3, env.LAKE_BUCKET, path.replace(`s3://${env.LAKE_BUCKET}/`, ''), {}, signal),
      openLanded: (key, versionId, from, signal) =>
        openObject(s3, env.LANDING_BUCKET, key, { versionId, from }, signal),
      listLiveFiles,
      openStreamLoader,
      merge: mergeCommit,
      readSecret: (tenant, ref, signal) =>
        readSecret(secrets, `headgate/${env.STAGE}/${tenant}/`, ref, signal),
      readMaskKey: async (tenant, signal) => {
        const prefix = `headgate/${env.STAGE}/${tenant}/`;
        return maskKeyOf(
          await readSecret(secrets, prefix, { arn: `${prefix}${maskKeyName}` }, signal),
        );
      },
      createFetch: (signal, deadline) =>
        withRetries(mapOrigins(createFetch({ allow, signal }), env.VENDOR_ORIGINS ?? {}), {
          now: () => new Date(),
          sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
          signal,
          log: runLog.log,
          ...(deadline === undefined
            ? { longestSleepSeconds: probeSleepSeconds }
            : {
                remainingMilliseconds: () => deadline.remainingMilliseconds() - finishMilliseconds,
              }),
        }),
      resolveHost: createHostResolver({ allow }),
      now: () => new Date(),
      sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
      log: runLog.log.with({ connector: connector.name }),
      memoryMegabytes,
      // Lambda gives one processor per 1,769 MB.
      threads: Math.max(1, Math.round(memoryMegabytes / 1769)),
      scratchFolder: tmpdir(),
      fanOut: fanOutOptions({
        concurrency: env.FAN_OUT_CONCURRENCY,
        bytes: env.FAN_OUT_BYTES,
        files: env.FAN_OUT_FILES,
      }),
    },
    runLog,
  );
}

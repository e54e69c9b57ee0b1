import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { landingPrefix } from '../shared/files/fileItem.ts';
import type { Log } from '../shared/log.ts';
import { watchDropFolder } from './dropFolder.ts';
import { localAccount } from './localService.ts';

export interface StartDropFolderOptions {
  /** `<home>/drop`. */
  readonly folder: string;
  readonly api: string;
  readonly awsEndpoint: string;
  readonly token: string;
  readonly landingBucket: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const source = z.object({ id: z.string() });
const me = z.object({ tenant: z.string() });

/**
 * Watches the laptop's drop folder: a file put under `<folder>/<source key>/` lands in the source's prefix. Resolves when
 * the signal has ended it and nothing is written any more; never rejects.
 */
export function startDropFolder(options: StartDropFolderOptions): Promise<void> {
  const { folder, awsEndpoint, landingBucket, log, signal } = options;
  const land = async (sourceKey: string, name: string, path: string): Promise<boolean> => {
    const found = await get(options, `/v1/sources/${encodeURIComponent(sourceKey)}`);
    if (found === null) return false;
    const { id } = source.parse(found);
    const { tenant } = me.parse(await get(options, '/v1/me'));
    // Loaded when first needed: most starts never drop a file.
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { Upload } = await import('@aws-sdk/lib-storage');
    const client = new S3Client({
      endpoint: awsEndpoint,
      region: localAccount.region,
      credentials: {
        accessKeyId: localAccount.accessKeyId,
        secretAccessKey: localAccount.secretAccessKey,
      },
    });
    try {
      const { size } = await stat(path);
      const upload = new Upload({
        client,
        params: {
          Bucket: landingBucket,
          Key: `${landingPrefix(tenant, id)}${name}`,
          Body: size === 0 ? '' : createReadStream(path),
        },
      });
      const abort = (): void => void upload.abort();
      signal.addEventListener('abort', abort, { once: true });
      await upload.done().finally(() => signal.removeEventListener('abort', abort));
      return true;
    } finally {
      client.destroy();
    }
  };
  return watchDropFolder({ folder, land, log, signal }).catch((error: unknown) => {
    if (!signal.aborted) log.error('the drop folder is no longer watched', { error });
  });
}

/** null when there is no such thing. */
async function get({ api, token, signal }: StartDropFolderOptions, path: string): Promise<unknown> {
  const response = await fetch(`${api}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal,
  });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
  return response.json();
}

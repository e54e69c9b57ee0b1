import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../shared/log.ts';
import type { LocalService } from '../localService.ts';
import { BlobStore } from './blobStore.ts';
import { type BucketSettings, changeSettings, changeVersioning, ensureBucket } from './buckets.ts';
import { type DeliverObjectCreated, EventOutbox } from './eventOutbox.ts';
import { expireObjects } from './expireObjects.ts';
import { openIndex } from './openIndex.ts';
import { serveS3 } from './serveS3.ts';
import type { S3Store } from './store.ts';
import { WriteConflicts } from './writeConflicts.ts';

export interface OpenS3Options {
  /** Created when it is not there. One process at a time. */
  readonly folder: string;
  readonly now?: () => Date;
  /** How often lifecycle rules are applied. Default 3600. */
  readonly sweepSeconds?: number;
  readonly log?: Log;
}

export interface BucketOptions extends BucketSettings {
  readonly versioned?: boolean;
}

export interface LocalS3 extends LocalService {
  /** Creates the bucket or brings an existing one to these settings; what is left out stays as it is. */
  createBucket(name: string, options?: BucketOptions): void;
  /**
   * Calls `deliver` for every object created in the bucket from now on, and for those of earlier processes
   * that were not acknowledged. At least once, in no promised order; `sequencer` orders a key's events.
   * To be called before requests are let in: objects created while a bucket has no listener make no events.
   */
  onObjectCreated(bucket: string, deliver: DeliverObjectCreated): void;
}

/**
 * The embedded S3: an index in SQLite and immutable files for the bytes. What was acknowledged has been
 * fsynced; nothing torn is ever visible.
 *
 * @throws when the folder cannot be opened
 */
export function openS3({
  folder,
  now = () => new Date(),
  sweepSeconds = 3600,
  log,
}: OpenS3Options): LocalS3 {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const index = openIndex(folder);
  const blobs = new BlobStore(join(folder, 'blobs'));
  const outbox = new EventOutbox(index);
  const store: S3Store = { index, blobs, outbox, conflicts: new WriteConflicts(), now, log };
  const closing = new AbortController();
  const isNamed = (blob: string): boolean =>
    index.get(
      'SELECT 1 FROM segments WHERE blob = ? UNION ALL SELECT 1 FROM parts WHERE blob = ? LIMIT 1',
      blob,
      blob,
    ) !== undefined;
  // A failed sweep costs disk space until the next start, nothing else.
  const swept = blobs.sweep(isNamed, closing.signal).catch(() => 0);
  let expiring: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // One at a time, however long it takes.
    expiring = expiring
      .then(() => expireObjects(store, closing.signal))
      .catch((error: unknown) => log?.error('applying lifecycle rules failed', { error }));
  }, sweepSeconds * 1000);
  timer.unref();
  return {
    name: 's3',
    accepts: () => true,
    handle: (request, response) => serveS3(store, request, response),
    createBucket: (name, { versioned, cors, lifecycle } = {}) => {
      ensureBucket(index, name, now());
      if (versioned !== undefined) changeVersioning(index, name, versioned);
      changeSettings(index, name, {
        ...(cors === undefined ? {} : { cors }),
        ...(lifecycle === undefined ? {} : { lifecycle }),
      });
    },
    onObjectCreated: (bucket, deliver) => outbox.listen(bucket, deliver),
    close: async () => {
      closing.abort();
      clearInterval(timer);
      outbox.close();
      await Promise.all([swept, expiring]);
      index.close();
    },
  };
}

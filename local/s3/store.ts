import type { Log } from '../../shared/log.ts';
import type { BlobStore } from './blobStore.ts';
import type { EventOutbox } from './eventOutbox.ts';
import type { ObjectIndex } from './openIndex.ts';
import type { WriteConflicts } from './writeConflicts.ts';

/** What every operation works on. */
export interface S3Store {
  readonly index: ObjectIndex;
  readonly blobs: BlobStore;
  readonly outbox: EventOutbox;
  readonly conflicts: WriteConflicts;
  readonly now: () => Date;
  readonly log: Log | undefined;
}

import { randomBytes } from 'node:crypto';
import type { Segment } from './blobStore.ts';
import { requireBucket, type Versioning } from './buckets.ts';
import type { StoredChecksum } from './checksums.ts';
import type { ObjectCreated } from './eventOutbox.ts';
import {
  type ObjectMetadata,
  type ObjectVersion,
  type VersionRow,
  versionOf,
} from './objectVersion.ts';
import type { ObjectIndex } from './openIndex.ts';
import { S3Error } from './s3Error.ts';
import type { S3Store } from './store.ts';

/** The id of versions made while a bucket is not versioned. */
export const nullVersion = 'null';

/** Opaque to clients. Holds `seq`, so that a listing can go on behind a version that is gone by then. */
const newVersionId = (seq: number): string =>
  seq.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');

/** The `seq` a version id was made with; null for `null` and for what is none of ours. */
export const seqOfVersionId = (versionId: string): number | null =>
  /^[0-9a-f]{32}$/.test(versionId) ? Number.parseInt(versionId.slice(0, 12), 16) : null;

/** The newest version of a key, which may be a delete marker. */
export function findCurrent(index: ObjectIndex, bucket: string, key: string): ObjectVersion | null {
  const row = index.get<VersionRow>(
    'SELECT * FROM versions WHERE bucket = ? AND key = ? AND current = 1',
    bucket,
    key,
  );
  return row === undefined ? null : versionOf(row);
}

export function findVersion(
  index: ObjectIndex,
  bucket: string,
  key: string,
  versionId: string,
): ObjectVersion | null {
  const row = index.get<VersionRow>(
    'SELECT * FROM versions WHERE bucket = ? AND key = ? AND version = ?',
    bucket,
    key,
    versionId,
  );
  return row === undefined ? null : versionOf(row);
}

/**
 * The version a request means: the one it names, or the current one.
 *
 * @throws S3Error NoSuchKey, NoSuchVersion, InvalidArgument; MethodNotAllowed for a delete marker by its id
 */
export function requireVersion(
  index: ObjectIndex,
  bucket: string,
  key: string,
  versionId: string | undefined,
): ObjectVersion {
  const markerHeaders = (version: ObjectVersion): Record<string, string> => ({
    'x-amz-delete-marker': 'true',
    'x-amz-version-id': version.versionId,
    'last-modified': version.modifiedAt.toUTCString(),
  });
  if (versionId === undefined) {
    const current = findCurrent(index, bucket, key);
    if (current !== null && !current.deleteMarker) return current;
    throw new S3Error('NoSuchKey', 'The specified key does not exist.', {
      elements: { Key: key },
      headers: current === null ? {} : markerHeaders(current),
    });
  }
  if (versionId !== nullVersion && seqOfVersionId(versionId) === null)
    throw new S3Error('InvalidArgument', 'Invalid version id specified', {
      elements: { ArgumentName: 'versionId', ArgumentValue: versionId },
    });
  const version = findVersion(index, bucket, key, versionId);
  if (version === null)
    throw new S3Error('NoSuchVersion', 'The specified version does not exist.', {
      elements: { Key: key, VersionId: versionId },
    });
  if (version.deleteMarker)
    throw new S3Error(
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      {
        headers: { ...markerHeaders(version), allow: 'DELETE' },
      },
    );
  return version;
}

export const segmentsOf = (index: ObjectIndex, version: ObjectVersion): readonly Segment[] =>
  index.all<Segment>('SELECT blob, bytes FROM segments WHERE seq = ? ORDER BY number', version.seq);

/** Removes a row and answers the blobs nothing names any more. */
function removeRow(index: ObjectIndex, seq: number): readonly string[] {
  index.run('DELETE FROM versions WHERE seq = ?', seq);
  return index
    .all<{ blob: string }>('DELETE FROM segments WHERE seq = ? RETURNING blob', seq)
    .map(({ blob }) => blob);
}

interface NewVersion {
  readonly bucket: string;
  readonly key: string;
  readonly deleteMarker: boolean;
  readonly bytes: number;
  readonly etag: string;
  readonly metadata: ObjectMetadata;
  readonly checksum: StoredChecksum | null;
  readonly segments: readonly Segment[];
}

/** Puts a version on top of its key. Where the bucket is not versioned it replaces the null version. */
function insertVersion(
  store: S3Store,
  versioning: Versioning,
  version: NewVersion,
): { readonly inserted: ObjectVersion; readonly freed: readonly string[] } {
  const { index } = store;
  const { bucket, key } = version;
  const seq = index.nextSeq();
  const versionId = versioning === 'Enabled' ? newVersionId(seq) : nullVersion;
  const replaced = versionId === nullVersion ? findVersion(index, bucket, key, nullVersion) : null;
  const freed = replaced === null ? [] : removeRow(index, replaced.seq);
  index.run(
    'UPDATE versions SET current = 0 WHERE bucket = ? AND key = ? AND current = 1',
    bucket,
    key,
  );
  const modifiedAt = store.now();
  index.run(
    'INSERT INTO versions VALUES(?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)',
    seq,
    bucket,
    key,
    versionId,
    version.deleteMarker ? 1 : 0,
    version.bytes,
    version.etag,
    modifiedAt.getTime(),
    JSON.stringify(version.metadata),
    version.checksum === null ? null : JSON.stringify(version.checksum),
  );
  for (const [number, { blob, bytes }] of version.segments.entries())
    index.run('INSERT INTO segments VALUES(?, ?, ?, ?)', seq, number, blob, bytes);
  return { inserted: { ...version, seq, versionId, current: true, modifiedAt }, freed };
}

export interface CommitOptions {
  readonly eventName: ObjectCreated['eventName'];
  /** Runs first in the transaction, on what is there now; throws to refuse. */
  readonly check?: (current: ObjectVersion | null) => void;
  /** Runs last in the transaction; answers further blobs that nothing names any more. */
  readonly finish?: () => readonly string[];
}

/**
 * Makes an object visible: version, segments and event in one durable transaction. Readers see the version
 * before it or this one, never a mixture. When it throws, the caller still owns the blobs.
 */
export function commitVersion(
  store: S3Store,
  version: Omit<NewVersion, 'deleteMarker'>,
  { eventName, check, finish }: CommitOptions,
): ObjectVersion {
  const { index, outbox, blobs } = store;
  const { bucket, key } = version;
  const { inserted, freed } = index.transaction(() => {
    // The bucket may be gone since the request began.
    const { versioning } = requireBucket(index, bucket);
    const current = findCurrent(index, bucket, key);
    check?.(current?.deleteMarker === true ? null : current);
    const done = insertVersion(store, versioning, { ...version, deleteMarker: false });
    outbox.record({
      eventName,
      bucket,
      key,
      versionId: done.inserted.versionId,
      size: version.bytes,
      eTag: version.etag,
      sequencer: done.inserted.seq.toString(16).toUpperCase().padStart(16, '0'),
      eventTime: done.inserted.modifiedAt.toISOString(),
    });
    return { ...done, freed: [...done.freed, ...(finish?.() ?? [])] };
  });
  blobs.claim(version.segments.map(({ blob }) => blob));
  void blobs.discard(freed);
  outbox.wake(bucket);
  return inserted;
}

export interface Deletion {
  /** Whether what was removed, or what was added, is a delete marker. */
  readonly deleteMarker: boolean;
  /** Of the removed version or of the added marker; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
}

const noMetadata: ObjectMetadata = { headers: {}, user: {}, tags: {}, storageClass: 'STANDARD' };

/**
 * Deletes as S3 does: with a version id that version for good; without one the object of an unversioned
 * bucket, or a delete marker on top of a versioned one. Deleting what is not there succeeds.
 */
export function deleteObject(
  store: S3Store,
  target: {
    readonly bucket: string;
    readonly key: string;
    readonly versionId?: string | undefined;
  },
  check?: (current: ObjectVersion | null) => void,
): Deletion {
  const { index, blobs, conflicts } = store;
  const { bucket, key, versionId } = target;
  const { deletion, freed } = index.transaction(() => {
    const { versioning } = requireBucket(index, bucket);
    const current = findCurrent(index, bucket, key);
    if (versionId !== undefined) {
      const version = findVersion(index, bucket, key, versionId);
      check?.(version);
      const freed = version === null ? [] : removeRow(index, version.seq);
      if (version?.current === true)
        index.run(
          'UPDATE versions SET current = 1 WHERE seq = (SELECT max(seq) FROM versions WHERE bucket = ? AND key = ?)',
          bucket,
          key,
        );
      return { deletion: { deleteMarker: version?.deleteMarker ?? false, versionId }, freed };
    }
    check?.(current?.deleteMarker === true ? null : current);
    if (versioning === 'Unversioned') {
      const freed = current === null ? [] : removeRow(index, current.seq);
      return { deletion: { deleteMarker: false, versionId: undefined }, freed };
    }
    const { inserted, freed } = insertVersion(store, versioning, {
      bucket,
      key,
      deleteMarker: true,
      bytes: 0,
      etag: '',
      metadata: noMetadata,
      checksum: null,
      segments: [],
    });
    return { deletion: { deleteMarker: true, versionId: inserted.versionId }, freed };
  });
  conflicts.deleted(bucket, key);
  void blobs.discard(freed);
  return deletion;
}

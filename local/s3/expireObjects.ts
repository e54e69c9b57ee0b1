import { setImmediate } from 'node:timers/promises';
import { type LifecycleRule, listBuckets } from './buckets.ts';
import { endOfPrefix } from './keyOrder.ts';
import type { S3Store } from './store.ts';
import { removeUpload } from './uploads.ts';
import { deleteObject } from './versions.ts';

/** Taken in one tick; requests are served between two of them. */
const batchRows = 200;
const dayMilliseconds = 86_400_000;

type Target = { seq: number; key: string; version: string };

interface Due {
  /** Rows from `key`, `seq` on that are due at `before` (epoch milliseconds). */
  readonly sql: string;
  readonly days: number | undefined;
  readonly remove: (target: Target) => void;
}

/**
 * Applies the buckets' lifecycle rules once: current versions past their age are deleted as DELETE would,
 * superseded versions and lone delete markers are removed for good, unfinished uploads are aborted. Ages are
 * exact, where S3 waits for the next midnight UTC. Answers how many things went.
 */
export async function expireObjects(store: S3Store, signal: AbortSignal): Promise<number> {
  let removed = 0;
  for (const { name, settings } of listBuckets(store.index))
    for (const rule of settings.lifecycle ?? [])
      for (const due of dueBy(store, name, rule)) {
        if (due.days === undefined) continue;
        const before = store.now().getTime() - due.days * dayMilliseconds;
        for (let [key, seq] = [rule.prefix, -1]; !signal.aborted; ) {
          const batch = store.index.all<Target>(
            due.sql,
            name,
            key,
            seq,
            endOfPrefix(rule.prefix) ?? '\u{10ffff}',
            before,
            batchRows,
          );
          for (const target of batch) due.remove(target);
          removed += batch.length;
          const last = batch.at(-1);
          if (last === undefined || batch.length < batchRows) break;
          [key, seq] = [last.key, last.seq];
          await setImmediate();
        }
      }
  return removed;
}

function dueBy(store: S3Store, bucket: string, rule: LifecycleRule): readonly Due[] {
  const { index, blobs } = store;
  const range = 'v.bucket = ? AND (v.key, v.seq) > (?, ?) AND v.key < ?';
  const order = 'ORDER BY v.key, v.seq LIMIT ?';
  const removeVersion = ({ key, version }: Target): void => {
    deleteObject(store, { bucket, key, versionId: version });
  };
  return [
    {
      sql: `SELECT v.seq, v.key, v.version FROM versions v
        WHERE ${range} AND v.current = 1 AND v.marker = 0 AND v.modified <= ? ${order}`,
      days: rule.expireAfterDays,
      remove: ({ key }) => {
        deleteObject(store, { bucket, key });
      },
    },
    {
      // Superseded since the next newer version of its key was made.
      sql: `SELECT v.seq, v.key, v.version FROM versions v
        WHERE ${range} AND v.current = 0 AND (SELECT n.modified FROM versions n
          WHERE n.bucket = v.bucket AND n.key = v.key AND n.seq > v.seq ORDER BY n.seq LIMIT 1) <= ?
        ${order}`,
      days: rule.expireNoncurrentAfterDays,
      remove: removeVersion,
    },
    {
      sql: `SELECT v.seq, v.key, v.version FROM versions v
        WHERE ${range} AND v.current = 1 AND v.marker = 1 AND v.modified <= ? AND NOT EXISTS (
          SELECT 1 FROM versions o WHERE o.bucket = v.bucket AND o.key = v.key AND o.seq < v.seq)
        ${order}`,
      days: rule.expireAfterDays ?? rule.expireNoncurrentAfterDays,
      remove: removeVersion,
    },
    {
      sql: `SELECT v.seq, v.key, v.version FROM
        (SELECT bucket, key, rowid AS seq, id AS version, initiated FROM uploads) v
        WHERE ${range} AND v.initiated <= ? ${order}`,
      days: rule.abortUploadsAfterDays,
      remove: ({ version }) => {
        void blobs.discard(index.transaction(() => removeUpload(index, version)));
      },
    },
  ];
}

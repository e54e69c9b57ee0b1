import { createHash } from 'node:crypto';
import { HeadgateError } from '../errors.ts';
import { evolveSchema, type SchemaEvolution } from './evolveSchema.ts';
import {
  describeManifest,
  encodeManifest,
  encodeManifestList,
  type ManifestEntry,
  type ManifestFile,
} from './manifest.ts';
import { nextMetadata } from './nextMetadata.ts';
import { pathOf } from './objectPath.ts';
import { type ManifestPlan, planManifests } from './planManifests.ts';
import { readManifestList } from './readManifests.ts';
import { snapshotSummary } from './snapshotSummary.ts';
import { sourceFileIdOf } from './sourceFileOf.ts';
import type { PrepareCommit, PrepareCommitFunction } from './tableChange.ts';
import {
  currentSnapshot,
  findSnapshot,
  printTableMetadata,
  readTableMetadata,
  type Snapshot,
  type TableMetadata,
} from './tableMetadata.ts';

const avroType = 'application/avro';

/**
 * Writes everything one change needs but the pointer that makes it visible: manifests
 * `<commitId>-m<n>.avro`, the manifest list `snap-<snapshotId>-<commitId>.avro` and the table's metadata
 * `<version>-<commitId>.metadata.json`, all under `metadataPrefix`, each exactly once. Tables are Iceberg v2 and
 * unpartitioned.
 *
 * Data files without rows are left out. A change that neither adds nor removes a file makes no snapshot.
 * Old snapshots leave the metadata as `retainedSnapshots` says; `listExpiredObjects` finds their objects.
 *
 * Throws `file_changed` when `commitId` was used before, `internal_error` when the change does not fit the table
 * (see `evolveSchema`, `removalOf`), TypeError for a `commitId` that is no safe name.
 */
export const prepareCommit: PrepareCommitFunction = async (input) => {
  checkInput(input);
  const { store, change, current, now, signal } = input;
  const base = await readBase(input);
  const evolution = evolveSchema(base, change.schema);
  const parent = base === null ? null : currentSnapshot(base);
  const snapshotId = newSnapshotId(input, base);
  const sequenceNumber = (base?.['last-sequence-number'] ?? 0) + 1;
  // A clock that went back must not make the history run backwards.
  const timestamp = Math.max(now.getTime(), (base?.['last-updated-ms'] ?? 0) + 1);

  const manifests = await planManifests({
    store,
    current: parent === null ? [] : await readManifestList(store, parent, signal),
    change,
    sourceFileId: base === null ? null : sourceFileIdOf(base),
    dropped: evolution.dropped,
    snapshotId,
    write: manifestWriter(input, evolution, snapshotId, sequenceNumber),
    signal,
  });
  const changed = manifests.added.files + manifests.removed.files > 0;
  const snapshot = changed
    ? await writeSnapshot(input, parent, manifests, {
        'snapshot-id': snapshotId,
        ...(parent === null ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
        'sequence-number': sequenceNumber,
        'timestamp-ms': timestamp,
        'schema-id': evolution.schema['schema-id'],
      })
    : null;

  const version = (current?.version ?? 0) + 1;
  const metadata = nextMetadata(input, base, evolution, snapshot, timestamp);
  const metadataKey = `${input.metadataPrefix}${version}-${input.commitId}.metadata.json`;
  const body = Buffer.from(printTableMetadata(metadata));
  await store.putNew(metadataKey, body, 'application/json', signal);

  const { summary } = snapshot ?? parent ?? { summary: {} as Record<string, string> };
  const latest = snapshot ?? parent;
  return {
    pointer: {
      metadataKey,
      snapshotId: latest === null ? null : String(latest['snapshot-id']),
      version,
      rows: Number(summary['total-records'] ?? 0),
      bytes: Number(summary['total-files-size'] ?? 0),
      dataFiles: Number(summary['total-data-files'] ?? 0),
    },
    removedRows: manifests.removed.rows,
  };
};

function checkInput({ commitId, metadataPrefix, change }: PrepareCommit): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(commitId))
    throw new TypeError(`not a commit id: ${commitId}`);
  if (!metadataPrefix.endsWith('/'))
    throw new TypeError(`a prefix ends with a slash: ${metadataPrefix}`);
  const paths = new Set(change.adds.map(({ path }) => path));
  if (paths.size !== change.adds.length) throw new TypeError('a data file is added twice');
  if (change.adds.some(({ content }) => content !== 'data'))
    throw new TypeError('position deletes cannot be committed: tables hold data files only');
}

async function readBase({ store, current, signal }: PrepareCommit): Promise<TableMetadata | null> {
  if (current === null) return null;
  const base = await readTableMetadata(store, current.metadataKey, signal);
  const named = currentSnapshot(base);
  if ((named === null ? null : String(named['snapshot-id'])) !== current.snapshotId)
    throw new HeadgateError(
      'internal_error',
      `${current.metadataKey} does not have the snapshot ${current.snapshotId} its pointer names`,
    );
  return base;
}

/** 52 bits of a hash of the commit id: exact in every reader that parses JSON numbers as doubles, and in avsc. */
function newSnapshotId({ commitId }: PrepareCommit, base: TableMetadata | null): number {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256').update(`${salt} ${commitId}`).digest();
    const id = Number(hash.readBigUInt64BE() >> 12n);
    if (id > 0 && (base === null || findSnapshot(base, String(id)) === null)) return id;
  }
}

function manifestWriter(
  { store, metadataPrefix, commitId, signal }: PrepareCommit,
  { schema }: SchemaEvolution,
  snapshotId: number,
  sequenceNumber: number,
): (entries: readonly ManifestEntry[]) => Promise<ManifestFile> {
  let written = 0;
  return async (entries) => {
    const key = `${metadataPrefix}${commitId}-m${written++}.avro`;
    const body = encodeManifest(schema, entries);
    await store.putNew(key, body, avroType, signal);
    const path = pathOf(store.bucket, key);
    return describeManifest(path, body.length, snapshotId, sequenceNumber, entries);
  };
}

async function writeSnapshot(
  { store, metadataPrefix, commitId, change, signal }: PrepareCommit,
  parent: Snapshot | null,
  plan: ManifestPlan,
  snapshot: Omit<Snapshot, 'manifest-list' | 'summary'> & {
    'snapshot-id': number;
    'sequence-number': number;
    'timestamp-ms': number;
  },
): Promise<Snapshot> {
  const id = snapshot['snapshot-id'];
  const key = `${metadataPrefix}snap-${id}-${commitId}.avro`;
  const body = encodeManifestList(
    id,
    parent === null ? null : String(parent['snapshot-id']),
    snapshot['sequence-number'],
    plan.manifests,
  );
  await store.putNew(key, body, avroType, signal);
  return {
    ...snapshot,
    'manifest-list': pathOf(store.bucket, key),
    summary: snapshotSummary(parent?.summary ?? {}, plan, change.summary),
  };
}

import { createHash } from 'node:crypto';
import { HeadgateError } from '../errors.ts';
import type { SchemaEvolution } from './evolveSchema.ts';
import { describeManifest, encodeManifest, encodeManifestList } from './manifest.ts';
import type { ManifestChange } from './manifestChange.ts';
import { nextMetadata } from './nextMetadata.ts';
import { pathOf } from './objectPath.ts';
import type { ManifestPlan } from './planManifests.ts';
import { snapshotSummary, snapshotTotals } from './snapshotSummary.ts';
import type { PrepareCommit } from './tableChange.ts';
import {
  currentSnapshot,
  findSnapshot,
  printTableMetadata,
  readTableMetadata,
  type Snapshot,
  type TableMetadata,
} from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

const avroType = 'application/avro';

/** A commit that is being prepared: the table as it is, and what the next snapshot will be called. */
export interface CommitDraft {
  /** null for a table that does not exist yet. */
  readonly base: TableMetadata | null;
  readonly parent: Snapshot | null;
  readonly snapshotId: number;
  /** Writes manifests `<commitId>-m<n>.avro`. */
  writeManifest(schema: SchemaEvolution['schema']): ManifestChange['write'];
  /**
   * Writes the manifest list `snap-<snapshotId>-<commitId>.avro` (none for a plan that changes no file) and the
   * table's metadata `<version>-<commitId>.metadata.json`, and answers the pointer to it.
   */
  finish(
    evolution: SchemaEvolution,
    plan: Omit<ManifestPlan, 'removedRows'>,
    summary: Readonly<Record<string, string>>,
  ): Promise<TablePointer>;
}

/**
 * Reads the table that a commit changes. Throws `internal_error` when the pointer does not belong to its metadata,
 * TypeError for a `commitId` that is no safe name.
 */
export async function draftCommit(input: Omit<PrepareCommit, 'change'>): Promise<CommitDraft> {
  checkNames(input);
  const { store, current, metadataPrefix, commitId, now, signal } = input;
  const base = await readBase(input);
  const parent = base === null ? null : currentSnapshot(base);
  const snapshotId = newSnapshotId(commitId, base);
  const sequenceNumber = (base?.['last-sequence-number'] ?? 0) + 1;
  // A clock that went back must not make the history run backwards.
  const timestamp = Math.max(now.getTime(), (base?.['last-updated-ms'] ?? 0) + 1);
  const version = (current?.version ?? 0) + 1;

  const writeSnapshot = async (
    { schema }: SchemaEvolution,
    plan: Omit<ManifestPlan, 'removedRows'>,
    extra: Readonly<Record<string, string>>,
  ): Promise<Snapshot> => {
    const key = `${metadataPrefix}snap-${snapshotId}-${commitId}.avro`;
    const summary = snapshotSummary(parent?.summary ?? {}, plan, extra);
    const parentId = parent === null ? null : String(parent['snapshot-id']);
    const body = encodeManifestList(snapshotId, parentId, sequenceNumber, plan.manifests);
    await store.putNew(key, body, avroType, signal);
    return {
      'snapshot-id': snapshotId,
      ...(parent === null ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
      'sequence-number': sequenceNumber,
      'timestamp-ms': timestamp,
      'schema-id': schema['schema-id'],
      'manifest-list': pathOf(store.bucket, key),
      summary,
    };
  };

  let manifests = 0;
  return {
    base,
    parent,
    snapshotId,
    writeManifest: (schema) => async (content, entries) => {
      const key = `${metadataPrefix}${commitId}-m${manifests++}.avro`;
      const body = encodeManifest(schema, content, entries);
      await store.putNew(key, body, avroType, signal);
      const path = pathOf(store.bucket, key);
      return describeManifest(path, body.length, content, snapshotId, sequenceNumber, entries);
    },
    async finish(evolution, plan, summary) {
      const { added, removed, addedDeletes, removedDeletes } = plan;
      const files = added.files + removed.files + addedDeletes.files + removedDeletes.files;
      const snapshot = files === 0 ? null : await writeSnapshot(evolution, plan, summary);
      const metadata = nextMetadata(input, base, evolution, snapshot, timestamp);
      const metadataKey = `${metadataPrefix}${version}-${commitId}.metadata.json`;
      const body = Buffer.from(printTableMetadata(metadata));
      await store.putNew(metadataKey, body, 'application/json', signal);
      const latest = snapshot ?? parent;
      return {
        metadataKey,
        snapshotId: latest === null ? null : String(latest['snapshot-id']),
        version,
        ...snapshotTotals(latest),
      };
    },
  };
}

function checkNames({ commitId, metadataPrefix }: Omit<PrepareCommit, 'change'>): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(commitId))
    throw new TypeError(`not a commit id: ${commitId}`);
  if (!metadataPrefix.endsWith('/'))
    throw new TypeError(`a prefix ends with a slash: ${metadataPrefix}`);
}

async function readBase({
  store,
  current,
  signal,
}: Omit<PrepareCommit, 'change'>): Promise<TableMetadata | null> {
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
function newSnapshotId(commitId: string, base: TableMetadata | null): number {
  for (let salt = 0; ; salt++) {
    const hash = createHash('sha256').update(`${salt} ${commitId}`).digest();
    const id = Number(hash.readBigUInt64BE() >> 12n);
    if (id > 0 && (base === null || findSnapshot(base, String(id)) === null)) return id;
  }
}

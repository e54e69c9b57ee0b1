import { draftCommit } from './draftCommit.ts';
import { evolveSchema } from './evolveSchema.ts';
import { planManifests } from './planManifests.ts';
import { readManifestList } from './readManifests.ts';
import { sourceFileIdOf } from './sourceFileOf.ts';
import type { PrepareCommitFunction, TableChange } from './tableChange.ts';

/**
 * Writes everything one change needs but the pointer that makes it visible: manifests
 * `<commitId>-m<n>.avro`, the manifest list `snap-<snapshotId>-<commitId>.avro` and the table's metadata
 * `<version>-<commitId>.metadata.json`, all under `metadataPrefix`, each exactly once. Tables are Iceberg v2 and
 * unpartitioned.
 *
 * Data files without rows are left out. A change that neither adds nor removes a file makes no snapshot.
 * Delete files get the new snapshot's sequence number, so they apply to files of the same commit and to all older
 * ones. Old snapshots leave the metadata as `retainedSnapshots` says; `listExpiredObjects` finds their objects.
 *
 * Throws `file_changed` when `commitId` was used before, `internal_error` when the change does not fit the table
 * (see `evolveSchema`, `removalOf`, `dropFiles`), TypeError for a `commitId` that is no safe name.
 */
export const prepareCommit: PrepareCommitFunction = async (input) => {
  const { store, change, signal } = input;
  checkFiles(change);
  const draft = await draftCommit(input);
  const { base, parent, snapshotId } = draft;
  const evolution = evolveSchema(base, change.schema);
  const { removedRows, ...plan } = await planManifests({
    store,
    current: parent === null ? [] : await readManifestList(store, parent, signal),
    change,
    sourceFileId: base === null ? null : sourceFileIdOf(base),
    dropped: evolution.dropped,
    snapshotId,
    write: draft.writeManifest(evolution.schema),
    signal,
  });
  return { pointer: await draft.finish(evolution, plan, change.summary), removedRows };
};

function checkFiles({ adds, deletes = [] }: TableChange): void {
  const paths = new Set([...adds, ...deletes].map(({ path }) => path));
  if (paths.size !== adds.length + deletes.length)
    throw new TypeError('a data file is added twice');
  if (adds.some(({ content }) => content !== 'data'))
    throw new TypeError('only data files are added: delete files come as deletes');
  if (deletes.some(({ content, rows }) => content !== 'position_deletes' || rows === 0))
    throw new TypeError('a delete file names at least one position');
  const targets = new Set(deletes.map(({ deletesFrom }) => deletesFrom));
  if (targets.has(undefined) || targets.size !== deletes.length)
    throw new TypeError('a delete file belongs to one data file, and no data file has two');
}

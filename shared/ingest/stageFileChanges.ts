import { changeFiles } from '../files/changeFiles.ts';
import { Claimers } from '../files/claimers.ts';
import type { Claimant, WantedClaim } from '../files/claimFiles.ts';
import { claimFiles } from '../files/claimFiles.ts';
import { claimGone } from '../files/claimGone.ts';
import { putContent, putDuplicate } from '../files/contents.ts';
import type { FileItem, FileRef } from '../files/fileItem.ts';
import { allFiles, versionsOf } from '../files/files.ts';
import type { Table } from '../table.ts';

/** More are not written down with the commit: what they are follows from it anyway. */
const mostSettled = 20_000;

/** Claims all versions of these names for a commit that removes their rows. */
export async function claimDeleted(
  table: Table,
  claimant: Claimant,
  names: readonly string[],
): Promise<readonly FileRef[]> {
  const { tenant, sourceId } = claimant;
  const claimers = new Claimers(table, tenant);
  const claimed: FileRef[] = [];
  for (const name of names) {
    const versions = await versionsOf(table, tenant, sourceId, name, claimers);
    const claims = versions.map(({ file }) => claimOf(file, 'deleted'));
    claimed.push(...(await claimGone(table, claimant, claimers, claims)));
  }
  return claimed;
}

/** Deletes files of a source that has no table yet: there is nothing to commit. */
export async function deleteUnloaded(
  table: Table,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const versions = await versionsOf(table, tenant, sourceId, name);
    await changeFiles(
      table,
      versions.map(({ file, stored }) => ({
        before: stored,
        after: { ...file, state: 'deleted', claim: undefined },
        waits: false,
      })),
    );
  }
}

/** Claims every loaded file for a commit that removes all rows: it stays on disk, until somebody asks for it. */
export const claimCleared = (table: Table, claimant: Claimant): Promise<readonly FileRef[]> =>
  claimAll(table, claimant, undefined, (file) =>
    file.state === 'loaded' ? claimOf(file, 'on_disk') : null,
  );

/** Claims the files of a run whose commits are undone: what it loaded is on disk, what it removed is loaded again. */
export const claimUndone = (
  table: Table,
  claimant: Claimant,
  undone: string,
): Promise<readonly FileRef[]> =>
  claimAll(table, claimant, undone, (file) => {
    const { changed } = file;
    if (changed?.runId !== undone) return null;
    const { state, ...reading } = changed.before;
    if (state !== 'loaded') return claimOf(file, 'on_disk');
    const { parked: _, ...read } = reading;
    const { bytes, contentHash, duplicateOf } = { ...file, duplicateOf: read.duplicateOf };
    return {
      ...claimOf(file, 'loaded'),
      reading: read,
      also:
        duplicateOf !== undefined
          ? [putDuplicate(table, claimant, duplicateOf, file)]
          : contentHash === undefined
            ? []
            : [putContent(table, claimant, { bytes, contentHash }, file)],
    };
  });

const claimOf = ({ name, versionId }: FileRef, to: WantedClaim['to']): WantedClaim => ({
  name,
  versionId,
  to,
});

async function claimAll(
  table: Table,
  claimant: Claimant,
  touchedBy: string | undefined,
  claim: (file: FileItem) => WantedClaim | null,
): Promise<readonly FileRef[]> {
  const { tenant, sourceId } = claimant;
  const claimers = new Claimers(table, tenant);
  const claimed: FileRef[] = [];
  const pages = allFiles(table, tenant, sourceId, {
    claimers,
    ...(touchedBy === undefined ? {} : { touchedBy }),
  });
  for await (const files of pages) {
    const claims = files.flatMap(({ file }) => claim(file) ?? []);
    await claimFiles(table, claimant, claimers, claims);
    if (claimed.length < mostSettled) claimed.push(...claims);
  }
  return claimed;
}

import { HeadgateError } from '../errors.ts';
import { refKey } from '../files/fileItem.ts';
import { findDuplicates } from '../files/findDuplicates.ts';
import { holdsUpload } from '../lake/holdsUpload.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import type { RunItem } from '../runs/runItem.ts';
import { type Loaded, rejectFields } from '../staging/streamLoader.ts';
import type { Table } from '../table.ts';

export interface LandedLoad {
  /** Without the rows of duplicates; null when nothing was loaded. */
  readonly loaded: Loaded | null;
  /** All files, duplicates too. */
  readonly files: readonly StagedFile[];
}

/**
 * Takes out of what was loaded the files whose bytes are loaded already: none of their rows is committed, and none is
 * counted. `known`: those that were found out before they were read. `stays`: rows in the table stay there.
 */
export async function leaveOutDuplicates(
  table: Table,
  run: RunItem,
  loaded: Loaded | null,
  {
    known,
    earlier,
    stays,
  }: {
    readonly known: readonly StagedFile[];
    readonly earlier: readonly StagedFile[];
    readonly stays: boolean;
  },
): Promise<LandedLoad> {
  if (loaded === null || loaded.files.length === 0) return { loaded, files: known };
  const { tenant, sourceId, request } = run;
  const force = request.force === true;
  const duplicates = await findDuplicates(
    { table, tenant, sourceId, earlier, stays, force },
    loaded.files,
  );
  const files: StagedFile[] = loaded.files.map((file) => {
    const duplicateOf = duplicates.get(refKey(file));
    return duplicateOf === undefined ? file : { ...file, rows: 0, rejected: 0, duplicateOf };
  });
  return {
    loaded: duplicates.size === 0 ? loaded : without(loaded, duplicates),
    files: [...files, ...known],
  };
}

/** A file of rows, or of rejects, holds those of one upload only. */
function without(loaded: Loaded, duplicates: ReadonlyMap<string, unknown>): Loaded {
  const out = loaded.files.filter((file) => duplicates.has(refKey(file)));
  const names = out.map(({ name }) => name);
  const isOut = holdsUpload(loaded.schema, names);
  const isOutRejected = holdsUpload(rejectFields, names);
  const counts = { written: 0, rejected: 0 };
  for (const { rows, rejected } of out) {
    counts.written += rows;
    counts.rejected += rejected;
  }
  const gone = {
    written: sumOf(loaded.adds.filter(isOut)),
    rejected: sumOf(loaded.rejects.filter(isOutRejected)),
  };
  if (gone.written !== counts.written || gone.rejected !== counts.rejected)
    throw new HeadgateError(
      'not_reconciled',
      `Duplicates hold ${counts.written} rows and ${counts.rejected} rejects, but their files ${gone.written} and ${gone.rejected}.`,
      { facts: { ...gone, duplicates: names.slice(0, 20) } },
    );
  return {
    ...loaded,
    adds: loaded.adds.filter((file) => !isOut(file)),
    rejects: loaded.rejects.filter((file) => !isOutRejected(file)),
    files: loaded.files.filter((file) => !duplicates.has(refKey(file))),
    counts: {
      ...loaded.counts,
      read: loaded.counts.read - counts.written - counts.rejected,
      written: loaded.counts.written - counts.written,
      rejected: loaded.counts.rejected - counts.rejected,
    },
  };
}

const sumOf = (files: readonly { readonly rows: number }[]): number =>
  files.reduce((sum, { rows }) => sum + rows, 0);

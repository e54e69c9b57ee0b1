import { prefetch } from '../lake/prefetch.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import type { RunError } from '../runs/runItem.ts';
import type { Table } from '../table.ts';
import { Claimers } from './claimers.ts';
import { type Claimant, claimFiles, type WantedClaim } from './claimFiles.ts';
import { claimGone } from './claimGone.ts';
import { contentText, putContent, putDuplicate } from './contents.ts';
import { type FileItem, type FileRef, refKey } from './fileItem.ts';
import { allFiles, getFiles, versionsOf } from './files.ts';
import { isNewer } from './inbox.ts';

export interface LoadedFiles {
  /** Files whose rows the commit brings, and those that are duplicates. */
  readonly files: readonly StagedFile[];
  /** Names of which the source may have rows from before. */
  readonly replaces: ReadonlySet<string>;
  /** Present where the commit's rows are all that the table will have. `failures`: of files that lack. */
  readonly everything?: { readonly failures: readonly RunError[] };
}

const looksAtATime = 16;

/**
 * Claims all that a commit changes: the files it loads, and the versions they take the place of. Answers every file
 * it claimed.
 */
export async function claimLoaded(
  table: Table,
  claimant: Claimant,
  { files, replaces, everything }: LoadedFiles,
): Promise<readonly FileRef[]> {
  const claimers = new Claimers(table, claimant.tenant);
  const claims = await ownClaims(table, claimant, claimers, files);
  const own = new Map<string, FileItem>();
  for (const file of (await claimFiles(table, claimant, claimers, claims)).values())
    own.set(file.name, file);
  const claimed: FileRef[] = [...claims];
  if (everything === undefined) {
    const names = [...replaces].filter((name) => own.has(name));
    for await (const versions of prefetch(names, looksAtATime, (name) =>
      versionsOf(table, claimant.tenant, claimant.sourceId, name, claimers),
    )) {
      const gone = versions.flatMap(({ file }) => replacedBy(own, file) ?? []);
      if (gone.length > 0) claimed.push(...(await claimGone(table, claimant, claimers, gone)));
    }
    return claimed;
  }
  for await (const page of allFiles(table, claimant.tenant, claimant.sourceId, { claimers })) {
    const gone = page.flatMap(
      ({ file }) => replacedBy(own, file) ?? leftOut(own, file, everything.failures) ?? [],
    );
    await claimFiles(table, claimant, claimers, gone);
    claimed.push(...gone);
  }
  return claimed;
}

async function ownClaims(
  table: Table,
  claimant: Claimant,
  claimers: Claimers,
  files: readonly StagedFile[],
): Promise<readonly WantedClaim[]> {
  const { tenant, sourceId } = claimant;
  const items = await getFiles(table, tenant, sourceId, files);
  const others = await getFiles(
    table,
    tenant,
    sourceId,
    files.flatMap(({ duplicateOf }) => duplicateOf ?? []),
  );
  const claims: WantedClaim[] = [];
  const contents = new Set<string>();
  for (const { name, versionId, duplicateOf, contentHash, ...read } of files) {
    const bytes = items.get(refKey({ name, versionId }))?.bytes;
    if (bytes === undefined) continue;
    const content = { bytes, contentHash };
    const claim = { name, versionId, to: 'loaded' } as const;
    if (duplicateOf !== undefined && duplicateOf.name !== name) {
      claims.push({
        ...claim,
        reading: { ...read, contentHash, duplicateOf },
        also: [putDuplicate(table, claimant, duplicateOf, { name, versionId })],
      });
      continue;
    }
    const stored = duplicateOf === undefined ? undefined : others.get(refKey(duplicateOf));
    // The same bytes under the same name: the rows are there, and from now on they are this version's.
    const { rows, rejected, detected } =
      stored === undefined ? read : (await claimers.resolve(stored)).file;
    const isFirst = contentHash !== '' && !contents.has(contentText(content));
    contents.add(contentText(content));
    claims.push({
      ...claim,
      reading: { rows, rejected, detected, ...(contentHash === '' ? {} : { contentHash }) },
      also: isFirst ? [putContent(table, claimant, content, { name, versionId })] : [],
    });
  }
  return claims;
}

/** The end of a version whose rows, or whose place, another version of its name takes. */
function replacedBy(own: ReadonlyMap<string, FileItem>, file: FileItem): WantedClaim | null {
  const by = own.get(file.name);
  if (by === undefined || by.versionId === file.versionId || file.state === 'deleted') return null;
  const waits = file.state !== 'loaded' && file.parked === undefined;
  // What arrived meanwhile is for the next run.
  if (waits && isNewer(file, by)) return null;
  return { name: file.name, versionId: file.versionId, to: 'deleted' };
}

/** What a refresh makes of a file whose rows it does not bring. */
function leftOut(
  own: ReadonlyMap<string, FileItem>,
  { name, versionId, state }: FileItem,
  failures: readonly RunError[],
): WantedClaim | null {
  if (state !== 'loaded' || own.get(name)?.versionId === versionId) return null;
  const error = failures.find(({ facts }) => facts?.['file'] === name);
  return error === undefined
    ? { name, versionId, to: 'on_disk' }
    : { name, versionId, to: 'failed', reading: { error } };
}

import type { LandedFile, LandedFiles } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { changeFiles } from '../files/changeFiles.ts';
import { Claimers } from '../files/claimers.ts';
import type { FileItem, FileRef } from '../files/fileItem.ts';
import { allFiles, everyVersionOf, versionsOf } from '../files/files.ts';
import { isNewer, readInbox } from '../files/inbox.ts';
import { type KnownDuplicate, knownDuplicate } from '../files/knownDuplicate.ts';
import type { ResolvedFile } from '../files/resolveFile.ts';
import { isOver, settled } from '../files/settleFiles.ts';
import { prefetch } from '../lake/prefetch.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { Table } from '../table.ts';

export interface LandedFilesOptions {
  readonly table: Table;
  readonly run: RunItem;
  /** Every file that is still there, and not only those that wait. */
  readonly all: boolean;
  readonly open: (key: string, versionId: string, from: number) => AsyncIterable<Uint8Array>;
  /** Called with each file as it is handed out. `replaces`: the source has other versions of its name. */
  readonly taken: (item: FileItem) => void;
  /** Called with each file that is not handed out, because the bytes of a loaded one are the same. */
  readonly duplicate: (item: FileItem, known: KnownDuplicate) => void;
}

/** Names that are looked at ahead. */
const looksAhead = 16;

/** The files a run has to load, in order of arrival (or by name, for all). */
export const landedFiles = (options: LandedFilesOptions): LandedFiles => ({
  pending: () => (options.all ? everyFile(options) : waitingFiles(options)),
});

async function* waitingFiles(options: LandedFilesOptions): AsyncGenerator<LandedFile> {
  const { table, run } = options;
  for await (const entries of readInbox(table, run.tenant, run.sourceId)) {
    // Made anew for each page: the run itself commits meanwhile.
    const claimers = new Claimers(table, run.tenant);
    for await (const found of prefetch(entries, looksAhead, (entry) =>
      lookAt(options, claimers, entry),
    )) {
      if (found === null) continue;
      if (found.known === null) yield handOut(options, found.file);
      else options.duplicate(found.file, found.known);
    }
  }
}

/** A file of the inbox if this run is to take it. What is over, or was overtaken, is written down on the way. */
async function lookAt(
  options: LandedFilesOptions,
  claimers: Claimers,
  { name, versionId }: FileRef,
): Promise<{ readonly file: FileItem; readonly known: KnownDuplicate | null } | null> {
  const { table, run, open } = options;
  const versions = await everyVersionOf(table, run.tenant, run.sourceId, name, claimers);
  const found = versions.find(({ file }) => file.versionId === versionId);
  if (found === undefined) return null;
  const { file, stored } = found;
  if (isOver(file)) {
    await changeFiles(table, [{ ...settled(table, found), waits: false }]);
    return null;
  }
  // Of several waiting versions of one name only the newest is loaded: its rows would replace the others'.
  if (versions.some(({ file: other }) => !isOver(other) && isNewer(other, file))) {
    const over: Partial<FileItem> =
      file.state === 'loaded' ? { again: undefined } : { state: 'deleted', claim: undefined };
    await changeFiles(table, [{ before: stored, after: { ...file, ...over }, waits: false }]);
    return null;
  }
  // A file that failed waits for a person; nothing changed by itself since.
  if (file.state === 'failed' && (run.trigger !== 'api' || failedIn(file) === run.runId))
    return null;
  const isForced = run.request.force === true || file.again === 'force';
  return {
    file: { ...file, replaces: hasRows(found, versions) },
    known: isForced ? null : await knownDuplicate({ table, claimers, open }, file),
  };
}

/** Whether there may be rows of this name. */
const hasRows = ({ file }: ResolvedFile, versions: readonly ResolvedFile[]): boolean =>
  file.state === 'loaded' ||
  versions.some(({ file: other }) => other !== file && other.state !== 'deleted');

/** The newest version of every name that is still there. */
async function* everyFile(options: LandedFilesOptions): AsyncGenerator<LandedFile> {
  const { table, run } = options;
  const claimers = new Claimers(table, run.tenant);
  // Versions of one name are listed next to each other, but for those of a name like `a#b` among those of `a`.
  const split = new Set<string>();
  let newest: FileItem | null = null;
  for await (const files of allFiles(table, run.tenant, run.sourceId, { claimers }))
    for (const { file } of files) {
      if (newest !== null && newest.name !== file.name && !split.has(newest.name)) {
        const { name } = newest;
        if (file.name.startsWith(`${name}#`)) {
          split.add(name);
          newest = await newestOf(options, name, claimers);
        }
        if (newest !== null) yield handOut(options, newest);
        newest = null;
      }
      if (file.state === 'deleted') continue;
      if (newest === null || newest.name !== file.name || isNewer(file, newest)) newest = file;
    }
  if (newest !== null && !split.has(newest.name)) yield handOut(options, newest);
}

async function newestOf(
  { table, run }: LandedFilesOptions,
  name: string,
  claimers: Claimers,
): Promise<FileItem | null> {
  const versions = await versionsOf(table, run.tenant, run.sourceId, name, claimers);
  return versions.reduce<FileItem | null>(
    (newest, { file }) => (newest === null || isNewer(file, newest) ? file : newest),
    null,
  );
}

/** The run in which a file failed, where that is recorded. */
const failedIn = (file: FileItem): unknown => file.error?.facts?.['runId'];

/** A file as connectors are handed it. */
export function handOut(
  { open, taken }: Pick<LandedFilesOptions, 'open' | 'taken'>,
  file: FileItem,
): LandedFile {
  taken(file);
  return {
    name: file.name,
    versionId: file.versionId,
    bytes: file.bytes,
    modifiedAt: new Date(file.modifiedAt),
    open: (from = 0) => openVersion(open, file, from),
  };
}

/** A version that S3 has removed fails its own file, and not all others with it. */
async function* openVersion(
  open: LandedFilesOptions['open'],
  { name, key, versionId }: FileItem,
  from: number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* open(key, versionId, from);
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'file_changed') throw error;
    throw new HeadgateError(
      'file_unreadable',
      `${name} is not in the bucket any more. Upload it again, or delete it.`,
      { cause: error, facts: { file: name } },
    );
  }
}

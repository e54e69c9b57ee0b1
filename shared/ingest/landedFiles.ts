import type { LandedFile, LandedFiles } from '../connectors/connector.ts';
import type { FileItem } from '../files/fileItem.ts';
import { type FilePage, getFile, listFiles } from '../files/files.ts';
import { type DatedInboxEntry, isNewer, readInbox } from '../files/inbox.ts';
import { settleFile } from '../files/settleFiles.ts';
import { supersedeFile } from '../files/supersedeFile.ts';
import type { RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import type { Table } from '../table.ts';

export interface LandedFilesOptions {
  readonly table: Table;
  readonly run: RunItem;
  /** Every file that is still there, and not only those that wait. */
  readonly all: boolean;
  readonly open: (key: string, versionId: string, from: number) => AsyncIterable<Uint8Array>;
  readonly now: () => Date;
  /** Called with each file as it is handed out. */
  readonly taken: (item: FileItem) => void;
}

/** The files a run has to load, in order of arrival (or by name, for all). */
export const landedFiles = (options: LandedFilesOptions): LandedFiles => ({
  pending: () => (options.all ? everyFile(options) : waitingFiles(options)),
});

async function* waitingFiles(options: LandedFilesOptions): AsyncGenerator<LandedFile> {
  const { table, run, now } = options;
  const runs = new Map<string, RunItem | null>([[run.runId, run]]);
  const newest = await newestByName(options);
  for await (const entry of readInbox(table, run.tenant, run.sourceId)) {
    const current = newest.get(entry.name);
    if (current !== undefined && isNewer(current, entry)) {
      await supersedeFile(table, run, entry);
      continue;
    }
    const file = await getFile(table, run.tenant, run.sourceId, entry.name, entry.versionId);
    if (file === null || file.state === 'deleted') continue;
    if (file.claim !== undefined) {
      const { runId } = file.claim;
      const claimer = runs.has(runId) ? runs.get(runId) : await getRun(table, run.tenant, runId);
      runs.set(runId, claimer ?? null);
      if (claimer != null && (await settleFile(table, file, claimer, now()))) continue;
    }
    // A file that failed waits for a person; nothing changed by itself since.
    if (file.state === 'failed' && (run.trigger !== 'api' || failedIn(file) === run.runId))
      continue;
    yield handOut(options, file);
  }
}

/** Of several waiting versions of one name only the newest is loaded: its rows would replace the others'. */
async function newestByName({
  table,
  run,
}: LandedFilesOptions): Promise<ReadonlyMap<string, DatedInboxEntry>> {
  const newest = new Map<string, DatedInboxEntry>();
  for await (const entry of readInbox(table, run.tenant, run.sourceId)) {
    const known = newest.get(entry.name);
    if (known === undefined || isNewer(entry, known)) newest.set(entry.name, entry);
  }
  return newest;
}

/** The newest version of every name that is still there. */
async function* everyFile(options: LandedFilesOptions): AsyncGenerator<LandedFile> {
  const { table, run } = options;
  let after: { readonly name: string; readonly versionId: string } | undefined;
  // Versions of one name are listed next to each other.
  let newest: FileItem | null = null;
  do {
    const page: FilePage = await listFiles(table, run.tenant, run.sourceId, {
      limit: 500,
      ...(after === undefined ? {} : { after }),
    });
    for (const { file, status } of page.files) {
      if (status === 'file_deleted') continue;
      if (newest !== null && newest.name !== file.name) yield handOut(options, newest);
      if (newest === null || newest.name !== file.name || newest.modifiedAt < file.modifiedAt)
        newest = file;
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  if (newest !== null) yield handOut(options, newest);
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
    open: (from = 0) => open(file.key, file.versionId, from),
  };
}

import type { Table } from '../table.ts';
import { Claimers } from './claimers.ts';
import { type Content, contentText, getContents } from './contents.ts';
import { type FileItem, type FileRef, isSameFile, refKey, refOf } from './fileItem.ts';
import { getFiles } from './files.ts';

/** A file that was read to its end. */
export interface ReadFile extends FileRef {
  readonly contentHash: string;
}

export interface DuplicateSearch {
  readonly table: Table;
  readonly tenant: string;
  readonly sourceId: string;
  /** Files whose rows earlier parts of the same commit bring. */
  readonly earlier: readonly ReadFile[];
  /** Whether rows that are in the table stay there: else only files of the commit count. */
  readonly stays: boolean;
  /** Load everything, whatever is loaded already. */
  readonly force: boolean;
}

interface Candidate {
  readonly file: ReadFile;
  readonly content: Content;
  /** The loaded file with the same bytes. */
  readonly other: FileItem | null;
}

/**
 * Of files that a commit would bring, those whose bytes are those of a loaded file, or of another one of the commit,
 * by `refKey`; with the file whose rows stand for them. A file with the bytes of an earlier version of its own name
 * takes that one's place, rows and all.
 */
export async function findDuplicates(
  search: DuplicateSearch,
  files: readonly ReadFile[],
): Promise<ReadonlyMap<string, FileRef>> {
  const duplicates = new Map<string, FileRef>();
  const seen = new Map<string, FileRef>();
  for (const { file, content } of await candidatesOf({ ...search, stays: false }, search.earlier))
    seen.set(contentText(content), file);
  const candidates = await candidatesOf(search, files);
  for (const { file, content, other } of candidates)
    if (other?.name === file.name && !seen.has(contentText(content))) {
      duplicates.set(refKey(file), refOf(other));
      seen.set(contentText(content), file);
    }
  // Rows of other files of these names are about to go.
  const names = new Set(files.map(({ name }) => name));
  for (const { file, content, other } of candidates) {
    if (duplicates.has(refKey(file))) continue;
    const first = seen.get(contentText(content));
    const standing = first ?? (other === null || names.has(other.name) ? null : other);
    if (standing === null) seen.set(contentText(content), file);
    else if (!isSameFile(standing, file)) duplicates.set(refKey(file), refOf(standing));
  }
  return duplicates;
}

async function candidatesOf(
  { table, tenant, sourceId, stays, force }: DuplicateSearch,
  files: readonly ReadFile[],
): Promise<readonly Candidate[]> {
  // A file of which only parts were loaded may have no hash.
  const hashed = files.filter(({ contentHash }) => contentHash !== '');
  const items = await getFiles(table, tenant, sourceId, hashed);
  const wanted = hashed.flatMap((file) => {
    const item = items.get(refKey(file));
    if (item === undefined || force || item.again === 'force') return [];
    return [{ file, content: { bytes: item.bytes, contentHash: file.contentHash } }];
  });
  const known = stays
    ? await getContents(
        table,
        tenant,
        sourceId,
        wanted.map(({ content }) => content),
      )
    : new Map<string, FileRef>();
  const others = await getFiles(table, tenant, sourceId, [...known.values()]);
  const claimers = new Claimers(table, tenant);
  const candidates: Candidate[] = [];
  for (const { file, content } of wanted) {
    const ref = known.get(contentText(content));
    const stored = ref === undefined ? undefined : others.get(refKey(ref));
    const other = stored === undefined ? null : (await claimers.resolve(stored)).file;
    const counts =
      other?.state === 'loaded' && other.duplicateOf === undefined && !isSameFile(other, file);
    candidates.push({ file, content, other: counts ? other : null });
  }
  return candidates;
}

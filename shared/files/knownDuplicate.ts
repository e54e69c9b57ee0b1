import { createHash } from 'node:crypto';
import { HeadgateError } from '../errors.ts';
import { hashOfPieces, PieceHashes, usualPieceBytes } from '../formats/ranges/pieceHashes.ts';
import type { Table } from '../table.ts';
import type { Claimers } from './claimers.ts';
import { type ContentItem, contentsOfSize, contentText, getContents } from './contents.ts';
import { type FileItem, type FileRef, isSameFile } from './fileItem.ts';
import { getFile } from './files.ts';

export interface LookForDuplicate {
  readonly table: Table;
  readonly claimers: Claimers;
  readonly open: (key: string, versionId: string, from: number) => AsyncIterable<Uint8Array>;
}

/** Smaller files are compared once they are loaded: that is no more work than reading them before. */
const smallestBytes = 2 ** 20;
/** Larger ones are loaded by many functions, and compared then: one that read them first would run out of time. */
const largestBytes = 8 * 2 ** 30;
/** With more contents of one size than this, size says nothing: it is then the same by some rule. */
const mostAlike = 4;
/** Of the beginning and of the end; files that differ nearly always differ there. */
const endBytes = 64 * 1024;

/** A loaded file, and the hash of the bytes it has in common with another. */
export interface KnownDuplicate {
  readonly of: FileRef;
  readonly contentHash: string;
}

/**
 * The loaded file that has the same bytes, where that can be known before this one is loaded; null otherwise. A file
 * whose hash is not known is read for it only if another one of the same size begins and ends like it, so that new
 * files are not read twice.
 */
export async function knownDuplicate(
  look: LookForDuplicate,
  file: FileItem,
): Promise<KnownDuplicate | null> {
  const { table } = look;
  const { tenant, sourceId, bytes, contentHash } = file;
  if (contentHash !== undefined) {
    const content = { bytes, contentHash };
    const found = (await getContents(table, tenant, sourceId, [content])).get(contentText(content));
    return found !== undefined && (await loadedOther(look, file, found)) !== null
      ? { of: found, contentHash }
      : null;
  }
  if (bytes < smallestBytes || bytes > largestBytes) return null;
  const alike = await contentsOfSize(table, tenant, sourceId, bytes, mostAlike + 1);
  if (alike.length > mostAlike) return null;
  const candidates: ContentItem[] = [];
  for (const content of alike) {
    const other = await loadedOther(look, file, content.file);
    if (other !== null && (await haveSameEnds(look, file, other))) candidates.push(content);
  }
  if (candidates.length === 0) return null;
  const digests = await hashesOf(look, file);
  const found = candidates.find((content) => digests.includes(content.contentHash));
  return found === undefined ? null : { of: found.file, contentHash: found.contentHash };
}

/** The other file, if its own rows are in the table. */
export async function loadedOther(
  { table, claimers }: Pick<LookForDuplicate, 'table' | 'claimers'>,
  file: FileItem,
  other: FileRef,
): Promise<FileItem | null> {
  if (isSameFile(file, other)) return null;
  const stored = await getFile(table, file.tenant, file.sourceId, other.name, other.versionId);
  if (stored === null) return null;
  const { file: found } = await claimers.resolve(stored);
  return found.state === 'loaded' && found.duplicateOf === undefined ? found : null;
}

async function haveSameEnds(
  look: LookForDuplicate,
  file: FileItem,
  other: FileItem,
): Promise<boolean> {
  for (const from of [0, Math.max(0, file.bytes - endBytes)]) {
    const [mine, theirs] = await Promise.all([
      readSome(look, file, from),
      readSome(look, other, from),
    ]);
    // One that is gone by now says nothing against it, and reading the whole of this one will tell.
    if (mine === null) return false;
    if (theirs !== null && !mine.equals(theirs)) return false;
  }
  return true;
}

/** null: S3 has removed that version. */
async function readSome(
  look: LookForDuplicate,
  file: FileItem,
  from: number,
): Promise<Buffer | null> {
  try {
    return await readEnd(look, file, from);
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'file_changed') return null;
    throw error;
  }
}

async function readEnd(
  { open }: LookForDuplicate,
  { key, versionId }: FileItem,
  from: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of open(key, versionId, from)) {
    // Copied: the reader may hand out its buffer again.
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes >= endBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, endBytes);
}

/** As one reading of the whole file finds it, and as readings of its parts do. */
async function hashesOf(
  { open }: LookForDuplicate,
  { key, versionId }: FileItem,
): Promise<readonly string[]> {
  const hash = createHash('sha256');
  const pieces = new PieceHashes(usualPieceBytes);
  for await (const chunk of open(key, versionId, 0)) {
    hash.update(chunk);
    pieces.scan(chunk);
  }
  return [hash.digest('hex'), hashOfPieces(pieces.pieces())];
}

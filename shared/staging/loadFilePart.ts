import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LandedFile } from '../connectors/connector.ts';
import { fileUnreadable } from '../formats/fileUnreadable.ts';
import { bytesBetween } from '../formats/ranges/bytesBetween.ts';
import { openRange } from '../formats/ranges/openRange.ts';
import { readParquetTail, tailOf } from '../formats/ranges/parquetParts.ts';
import { PieceHashes } from '../formats/ranges/pieceHashes.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import type { FilePart, PartPlace, PartReport } from './filePart.ts';
import type { LoaderState } from './loaderState.ts';
import { loadParquet } from './loadParquet.ts';
import { loadTabular } from './loadTabular.ts';
import type { Counts, LoadedFile } from './streamLoader.ts';

export interface LoadedPart {
  readonly counts: Counts;
  readonly file: LoadedFile;
  readonly report: PartReport;
}

/**
 * Loads one part of a file as if it were a file of its own, with the line numbers and the columns of the whole.
 * Throws `file_unreadable` where the part cannot be read, and then leaves nothing of it.
 */
export async function loadFilePart(
  state: LoaderState,
  { file, options, place }: FilePart,
): Promise<LoadedPart> {
  const sourceFile = state.options.systemColumns.includes('_source_file') ? file.name : null;
  const names = { name: file.name, sourceFile };
  const bytes = place.to - place.from;
  if (place.kind === 'rowGroups') {
    const folder = join(state.options.workFolder, state.scratchName('part'));
    await mkdir(folder);
    try {
      const path = join(folder, 'input.parquet');
      const pieces = await fetchRowGroups(file, place, path, state.options.signal);
      const { rowsBefore = 0 } = place;
      const rows = await loadParquet(state, path, { ...names, rowsBefore });
      return partOf(file, rows, bytes, 'parquet', {
        survey: [],
        doubtful: [],
        isUnreadable: false,
        pieces,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const { book, mask, options: loader } = state;
  const tabular = await openRange(() => bytesBetween(file, place.from, place.to, loader.signal), {
    ...place,
    reshape: nestedMembers(book, mask),
  });
  const { survey, doubtful, isUnreadable, ...rows } = await loadTabular(state, {
    file: tabular,
    types: options.types ?? {},
    isPart: true,
    ...names,
  });
  return partOf(file, rows, bytes, tabular.detected, {
    survey,
    doubtful,
    isUnreadable,
    pieces: [],
  });
}

const partOf = (
  { name, versionId }: LandedFile,
  rows: { readonly read: number; readonly written: number; readonly rejected: number },
  bytes: number,
  detected: string,
  report: PartReport,
): LoadedPart => ({
  counts: { ...rows, deduplicated: 0, bytes },
  file: {
    name,
    versionId,
    rows: rows.written,
    rejected: rows.rejected,
    detected,
    // Of a part there is none; see `hashOfPieces`.
    contentHash: '',
  },
  report,
});

/**
 * Makes a local file that has some row groups of another one in their places, and nothing in between, so that it
 * takes the disk of those alone. Answers the hashes of the pieces that begin in their bytes.
 */
async function fetchRowGroups(
  file: LandedFile,
  { first, end, from, to, pieceBytes }: Extract<PartPlace, { kind: 'rowGroups' }>,
  path: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const tail = await readParquetTail(file);
  if (tail === null)
    throw fileUnreadable(`${file.name} has no Parquet footer that can be read.`, {
      file: file.name,
    });
  const { rowGroups } = tail;
  const dataFrom = rowGroups[first]?.from ?? tail.at;
  const dataTo = rowGroups[end - 1]?.to ?? tail.at;
  const pieceAt = Math.ceil(from / pieceBytes) * pieceBytes;
  const hasPieces = pieceAt < to;
  const readTo = hasPieces ? Math.min(file.bytes, Math.ceil(to / pieceBytes) * pieceBytes) : to;
  const hashes = new PieceHashes(pieceBytes);
  await using local = await open(path, 'w');
  await local.write(Buffer.from('PAR1'), 0, 4, 0);
  let at = from;
  for await (const chunk of bytesBetween(file, from, readTo, signal)) {
    if (hasPieces) hashes.scan(chunk.subarray(Math.max(0, pieceAt - at)));
    const wanted = chunk.subarray(Math.max(0, dataFrom - at), Math.max(0, dataTo - at));
    if (wanted.length > 0) await local.write(wanted, 0, wanted.length, Math.max(at, dataFrom));
    at += chunk.length;
  }
  const footer = tailOf(tail, first, end);
  await local.write(footer, 0, footer.length, tail.at);
  return hashes.pieces();
}

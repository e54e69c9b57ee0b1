import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openCsv } from './csv/openCsv.ts';
import { decompress } from './decompress.ts';
import { type Compression, detectCompression, detectFormat } from './detectFormat.ts';
import type { FileBytes } from './fileBytes.ts';
import type { FileFormat, FileFormatOptions } from './fileFormatOptions.ts';
import { fileUnreadable } from './fileUnreadable.ts';
import type { ShapeMembers } from './json/jsonPass.ts';
import { openJson } from './json/openJson.ts';
import type { TabularFile } from './tabularFile.ts';
import { takeBytes } from './takeBytes.ts';
import { openXlsx } from './xlsx/openXlsx.ts';

/** What a file is, once its first bytes were seen. */
export interface OpenedFile {
  readonly compression: Compression;
  readonly format: FileFormat;
  /** Its bytes without compression, from the start. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

const headBytes = 4096;

/** Finds out compression and format. Throws `file_unreadable` for a file without a byte, or that is not what it says. */
export async function openFile(bytes: FileBytes, options: FileFormatOptions): Promise<OpenedFile> {
  const { name } = bytes.file;
  const head = await bytes.head(headBytes);
  if (head.length === 0) throw fileUnreadable(`${name} is empty (0 bytes).`, { file: name });
  const compression = detectCompression(name, head);
  const open = (): AsyncIterable<Uint8Array> => decompress(bytes.read(), compression);
  const plain = compression === 'none' ? head : (await takeBytes(open(), headBytes)).bytes;
  if (plain.length === 0)
    throw fileUnreadable(`${name} is empty once decompressed.`, { file: name });
  return { compression, format: detectFormat(name, plain, options), open };
}

/** What becomes of rows before anything else does. */
export interface RowShape {
  /** null: members of records stay as they are. */
  readonly members: ShapeMembers | null;
  /** Columns of which nothing may be kept as it is. */
  readonly hides: (column: string) => boolean;
}

/**
 * Opens a file of rows. Parquet is no such file: DuckDB reads it itself.
 * `workFolder`: an empty folder for formats that cannot be read as a stream.
 */
export async function openTabular(
  { open, format }: OpenedFile,
  options: FileFormatOptions,
  workFolder: string,
  shape: RowShape = { members: null, hides: () => false },
): Promise<TabularFile & Partial<Disposable>> {
  switch (format) {
    case 'xlsx': {
      const path = join(workFolder, 'workbook.xlsx');
      await pipeline(open(), createWriteStream(path));
      return openXlsx(path, workFolder, options, shape.hides);
    }
    case 'json':
    case 'jsonl':
      return openJson(open, { ...options, format }, shape.members);
    default:
      return openCsv(open, { ...options, format });
  }
}

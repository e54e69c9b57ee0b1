import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LandedFile } from '../connectors/connector.ts';
import { FileBytes } from '../formats/fileBytes.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import { openFile, openTabular } from '../formats/openTabular.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import type { LoaderState } from './loaderState.ts';
import { loadParquet } from './loadParquet.ts';
import { loadTabular } from './loadTabular.ts';
import type { Counts, LoadedFile } from './streamLoader.ts';

/**
 * Loads one whole file, whatever its format. Throws `file_unreadable` for a file that cannot be read, and then
 * leaves nothing of it; `file_changed` when it is another file at the end than at the start.
 */
export async function loadFile(
  state: LoaderState,
  file: LandedFile,
  options: FileFormatOptions,
): Promise<{ readonly counts: Counts; readonly file: LoadedFile }> {
  const folder = join(state.options.workFolder, state.scratchName('file'));
  await mkdir(folder);
  const sourceFile = state.options.systemColumns.includes('_source_file') ? file.name : null;
  const names = { name: file.name, sourceFile };
  try {
    const bytes = new FileBytes(file, state.options.signal);
    const opened = await openFile(bytes, options);
    let detected: string = opened.format;
    let rows: { readonly read: number; readonly written: number; readonly rejected: number };
    if (opened.format === 'parquet') {
      const path = join(folder, 'input.parquet');
      await pipeline(opened.open(), createWriteStream(path));
      rows = await loadParquet(state, path, names);
    } else {
      const { book, mask } = state;
      const tabular = await openTabular(opened, options, folder, {
        members: nestedMembers(book, mask),
        hides: (column) => !book.of(column).isTaken || book.of(column).mask !== null,
      });
      try {
        rows = await loadTabular(state, { file: tabular, types: options.types ?? {}, ...names });
        ({ detected } = tabular);
      } finally {
        tabular[Symbol.dispose]?.();
      }
    }
    const { compression } = opened;
    return {
      counts: { ...rows, deduplicated: 0, bytes: file.bytes },
      file: {
        name: file.name,
        versionId: file.versionId,
        rows: rows.written,
        rejected: rows.rejected,
        detected: compression === 'none' ? detected : `${detected}, ${compression}`,
        contentHash: bytes.contentHash ?? '',
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

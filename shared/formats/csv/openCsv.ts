import type { FileFormatOptions } from '../fileFormatOptions.ts';
import type { TabularFile } from '../tabularFile.ts';
import { csvPass } from './csvPass.ts';
import { describeCsv, readCsvHead } from './readCsvHead.ts';

/**
 * A CSV or TSV file whose compression is gone. `open` gives its bytes from the start each time.
 * Throws `file_unreadable` for a file without rows, or bytes that are no text.
 */
export async function openCsv(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
): Promise<TabularFile> {
  const { source, layout, survey } = await readCsvHead(open, options);
  return {
    survey,
    dialect: layout.dialect,
    nullText: '',
    rowFormat: 'csv',
    get detected() {
      return describeCsv(source.encoding, layout, options);
    },
    pass: (_, reject, admission) =>
      csvPass({
        layout,
        chunks: source.chunks(),
        skipBytes: layout.dataOffset,
        reject,
        admission,
      }),
  };
}

import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import type { Reject } from '../reject.ts';
import type { RowAdmission } from '../rowAdmission.ts';
import type { TabularFile, TabularPass } from '../tabularFile.ts';
import { takeBytes } from '../takeBytes.ts';
import { TextSource } from '../textSource.ts';
import { CsvScanner } from './csvScanner.ts';
import { type CsvLayout, detectCsv } from './detectCsv.ts';
import { scanBlocks } from './scanBlocks.ts';

const sampleBytes = 8 * 2 ** 20;

/**
 * A CSV or TSV file whose compression is gone. `open` gives its bytes from the start each time.
 * Throws `file_unreadable` for a file without rows, or bytes that are no text.
 */
export async function openCsv(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
): Promise<TabularFile> {
  const source = await TextSource.open(open, options.encoding);
  const sample = await takeBytes(source.chunks(), sampleBytes);
  const text = sample.bytes.toString('utf8');
  if (text.trim() === '') throw fileUnreadable('The file has no rows.');
  const layout = detectCsv(text, sample.isWhole, options);

  const scanner = (reject: (reject: Reject) => void, admission?: RowAdmission): CsvScanner =>
    new CsvScanner({
      dialect: layout.dialect,
      columns: layout.columns,
      firstLine: layout.firstLine,
      reject,
      ...(admission === undefined ? {} : { admission }),
    });
  const surveyor = scanner(() => undefined);
  surveyor.scan(Buffer.from(sample.bytes.subarray(layout.dataOffset)), sample.isWhole);
  const columnsOf = ({ evidence }: CsvScanner) =>
    layout.columns.map((name, index) => ({
      name,
      evidence: evidence[index] as (typeof evidence)[0],
    }));
  return {
    survey: columnsOf(surveyor),
    dialect: layout.dialect,
    nullText: '',
    rowFormat: 'csv',
    get detected() {
      return describe(source.encoding, layout, options);
    },
    pass(_, reject, admission): TabularPass {
      for (const row of layout.preamble) reject(row);
      const reader = scanner(reject, admission);
      return {
        blocks: scanBlocks(source.chunks(), layout.dataOffset, reader),
        columns: () => columnsOf(reader),
        get rows() {
          return reader.rows;
        },
        get rejected() {
          return reader.rejected + layout.preamble.length;
        },
        get longestRow() {
          return reader.longestRow;
        },
      };
    },
  };
}

function describe(
  encoding: string,
  { dialect, hasHeader }: CsvLayout,
  { format }: FileFormatOptions,
): string {
  const delimiter = dialect.delimiter === '\t' ? 'tab' : `"${dialect.delimiter}"`;
  return [
    format === 'tsv' ? 'tsv' : 'csv',
    encoding,
    delimiter,
    ...(dialect.quote === '"' ? [] : [`quote ${dialect.quote}`]),
    ...(dialect.quoteEscape === dialect.quote ? [] : [`escape ${dialect.quoteEscape}`]),
    ...(hasHeader ? [] : ['no header']),
  ].join(', ');
}

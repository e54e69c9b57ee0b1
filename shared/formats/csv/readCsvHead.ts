import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import type { SurveyedColumn } from '../tabularFile.ts';
import { takeBytes } from '../takeBytes.ts';
import { TextSource } from '../textSource.ts';
import { CsvScanner } from './csvScanner.ts';
import { type CsvLayout, detectCsv } from './detectCsv.ts';

const sampleBytes = 8 * 2 ** 20;

/** What the first megabytes of a CSV file show. */
export interface CsvHead {
  readonly source: TextSource;
  readonly layout: CsvLayout;
  readonly survey: readonly SurveyedColumn[];
  /** Bytes of the file, as it is encoded, in front of the first data row. */
  readonly dataByte: number;
}

/**
 * Chooses encoding, dialect and header of a CSV or TSV file whose compression is gone. `open` gives its bytes from
 * the start each time. Throws `file_unreadable` for a file without rows, or bytes that are no text.
 */
export async function readCsvHead(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
): Promise<CsvHead> {
  const source = await TextSource.open(open, options.encoding);
  const sample = await takeBytes(source.chunks(), sampleBytes);
  const text = sample.bytes.toString('utf8');
  if (text.trim() === '') throw fileUnreadable('The file has no rows.');
  const layout = detectCsv(text, sample.isWhole, options);
  const { dialect, columns, firstLine } = layout;
  const surveyor = new CsvScanner({ dialect, columns, firstLine, reject: () => undefined });
  const head = sample.bytes.subarray(0, layout.dataOffset);
  surveyor.scan(Buffer.from(sample.bytes.subarray(layout.dataOffset)), sample.isWhole);
  const { encoding } = source;
  const bytesPerUnit = encoding.startsWith('utf-16') ? 2 : 1;
  return {
    source,
    layout,
    survey: surveyedColumns(layout.columns, surveyor),
    dataByte:
      source.markBytes +
      (encoding === 'utf-8' ? head.length : head.toString('utf8').length * bytesPerUnit),
  };
}

export const surveyedColumns = (
  columns: readonly string[],
  { evidence }: CsvScanner,
): readonly SurveyedColumn[] =>
  columns.map((name, index) => ({ name, evidence: evidence[index] as (typeof evidence)[0] }));

/** What was detected, in words: `csv, windows-1252, ";"`. */
export function describeCsv(
  encoding: string,
  { dialect, hasHeader }: Pick<CsvLayout, 'dialect' | 'hasHeader'>,
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

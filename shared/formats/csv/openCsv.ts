import { HeadgateError } from '../../errors.ts';
import { decodeText, detectEncoding, type TextDecoding } from '../decodeText.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import type { Reject } from '../reject.ts';
import type { TabularFile, TabularPass } from '../tabularFile.ts';
import { CsvScanner } from './csvScanner.ts';
import { type CsvLayout, detectCsv } from './detectCsv.ts';
import { scanBlocks } from './scanBlocks.ts';
import { takeBytes } from './takeBytes.ts';

const sampleBytes = 8 * 2 ** 20;

/**
 * A CSV or TSV file whose compression is gone. `open` gives its bytes from the start each time.
 * Throws `file_unreadable` for a file without rows, or bytes that are no text.
 */
export async function openCsv(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
): Promise<TabularFile> {
  const head = await takeBytes(open(), 4096);
  if (head.bytes.length === 0) throw fileUnreadable('The file is empty (0 bytes).');
  const encoding = detectEncoding(head.bytes, options.encoding);
  let decoding: TextDecoding = decodeText(open(), encoding);
  const sample = await takeBytes(located(decoding.chunks, open), sampleBytes);
  const text = sample.bytes.toString('utf8');
  if (text.trim() === '') throw fileUnreadable('The file has no rows.');
  refuseBinary(text);
  const layout = detectCsv(text, sample.isWhole, options);

  const scanner = (reject: (reject: Reject) => void): CsvScanner =>
    new CsvScanner({
      dialect: layout.dialect,
      columns: layout.columns,
      firstLine: layout.firstLine,
      reject,
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
    get detected() {
      return describe(decoding.encoding, layout, options);
    },
    pass(_, reject): TabularPass {
      decoding = decodeText(open(), encoding);
      for (const row of layout.preamble) reject(row);
      const reader = scanner(reject);
      return {
        blocks: scanBlocks(located(decoding.chunks, open), layout.dataOffset, reader),
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

/** Text has few zero characters; a file full of them is something else. */
function refuseBinary(text: string): void {
  const looked = text.slice(0, 65_536);
  if (looked.split('\0').length - 1 > looked.length / 100)
    throw fileUnreadable('The file is not text: it is full of zero bytes.');
}

/** Adds the line to an error that knows only the byte, by reading up to it once more. */
async function* located(
  chunks: AsyncIterable<Uint8Array>,
  open: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    const offset = error instanceof HeadgateError ? error.facts['offset'] : undefined;
    if (!(error instanceof HeadgateError) || typeof offset !== 'number') throw error;
    let line = 1;
    let seen = 0;
    for await (const chunk of open()) {
      const part = chunk.subarray(0, offset - seen);
      for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) line++;
      seen += chunk.length;
      if (seen >= offset) break;
    }
    throw fileUnreadable(`Line ${line}: ${error.message}`, { ...error.facts, line }, error);
  }
}

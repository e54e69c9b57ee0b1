import { describeCsv, readCsvHead } from '../csv/readCsvHead.ts';
import type { Encoding } from '../decodeText.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { describeJson, readJsonHead } from '../json/readJsonHead.ts';
import type { OpenedFile } from '../openTabular.ts';
import type { RangedText, RangeLayout } from './rangeLayout.ts';

/**
 * How the stretches of a text file are to be read; null for a file that can only be read in one go: compressed, of
 * two bytes a character, JSON whose records span lines, or no text. Throws `file_unreadable` as opening it does.
 */
export async function rangedText(
  { open, format, compression }: OpenedFile,
  options: FileFormatOptions,
): Promise<RangedText | null> {
  if (compression !== 'none') return null;
  switch (format) {
    case 'csv':
    case 'tsv': {
      const { source, layout, survey, dataByte } = await readCsvHead(open, { ...options, format });
      const encoding = oneByteEncoding(source.encoding);
      if (encoding === null) return null;
      const { dialect, columns, preamble, firstLine } = layout;
      return {
        layout: {
          format: 'csv',
          encoding,
          dialect: { ...dialect },
          columns: [...columns],
          preamble: preamble.map(({ text, line, column, reason }) => ({
            text,
            line,
            column,
            reason,
          })),
          detected: describeCsv(encoding, layout, { ...options, format }),
          survey: [...survey],
        },
        dataByte,
        firstLine,
      };
    }
    case 'json':
    case 'jsonl': {
      const { source, shape } = await readJsonHead(open, { ...options, format }, null);
      const encoding = oneByteEncoding(source.encoding);
      if (encoding === null || shape !== 'lines') return null;
      return {
        layout: {
          format: 'jsonl',
          encoding,
          detected: describeJson(encoding, shape, { ...options, format }),
        },
        dataByte: source.markBytes,
        firstLine: 1,
      };
    }
    default:
      return null;
  }
}

/** Encodings whose delimiters, quotes and line ends are bytes of their own. */
const oneByteEncoding = (encoding: Encoding): RangeLayout['encoding'] | null =>
  encoding === 'utf-16le' || encoding === 'utf-16be' ? null : encoding;

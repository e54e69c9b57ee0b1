import type { FileFormat, FileFormatOptions } from './fileFormatOptions.ts';
import { fileUnreadable } from './fileUnreadable.ts';
import { contentOf } from './magic.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** A name without its compression ending, and what that ending promises. */
export function compressionOfName(name: string): {
  readonly plainName: string;
  readonly compression: Compression;
} {
  const match = /^(.*)\.(gz|gzip|zst|zstd)$/i.exec(name);
  if (match === null) return { plainName: name, compression: 'none' };
  const [, plainName = '', ending = ''] = match;
  return { plainName, compression: ending.toLowerCase().startsWith('g') ? 'gzip' : 'zstd' };
}

/**
 * Whether a file is compressed, by its first bytes. Compressed bytes under a plain name are taken for what they
 * are; a compression ending over other bytes throws `file_unreadable`.
 */
export function detectCompression(name: string, head: Uint8Array): Compression {
  const { compression } = compressionOfName(name);
  const content = contentOf(head)?.kind;
  if (content === 'gzip' || content === 'zstd') return content;
  if (compression === 'none') return 'none';
  throw fileUnreadable(`${name} is called ${compression}, but it is ${describe(head)}.`, {
    file: name,
  });
}

const byEnding: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  pq: 'parquet',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
};

/**
 * The format of a file whose compression is gone: what the options say, else the name's ending, else the first
 * bytes; and the first bytes MUST agree. Throws `file_unreadable` with what the file is where they do not.
 */
export function detectFormat(
  name: string,
  head: Uint8Array,
  options: FileFormatOptions,
): FileFormat {
  const { plainName } = compressionOfName(name);
  const ending = /\.([a-z0-9]+)$/i.exec(plainName)?.[1]?.toLowerCase() ?? '';
  if (ending === 'xls' || ending === 'xlsb')
    throw fileUnreadable(`${name}: .${ending} files are not supported. Save it as .xlsx or .csv.`);
  const content = contentOf(head);
  const said = options.format ?? byEnding[ending];
  const seen = content?.kind === 'zip' ? 'xlsx' : content?.kind === 'parquet' ? 'parquet' : null;
  if (content?.kind === 'unsupported')
    throw fileUnreadable(`${name} cannot be read: it is ${content.name}.`, { file: name });
  if (content !== null && seen === null)
    throw fileUnreadable(`${name} is compressed twice (${content.kind}).`, { file: name });
  if (said === undefined) return seen ?? (looksLikeJson(head) ? 'json' : 'csv');
  const isBinary = said === 'parquet' || said === 'xlsx';
  if ((isBinary || seen !== null) && said !== seen)
    throw fileUnreadable(`${name} is not ${wordFor[said]}: it is ${describe(head)}.`, {
      file: name,
      expected: said,
    });
  return said;
}

const wordFor: Readonly<Record<FileFormat, string>> = {
  csv: 'a CSV file',
  tsv: 'a TSV file',
  json: 'a JSON file',
  jsonl: 'a JSON-lines file',
  parquet: 'a Parquet file',
  xlsx: 'an Excel workbook',
};

function describe(head: Uint8Array): string {
  const content = contentOf(head);
  switch (content?.kind) {
    case 'unsupported':
      return content.name;
    case 'zip':
      return 'a zip archive or an Excel workbook';
    case 'parquet':
      return 'a Parquet file';
    case 'gzip':
    case 'zstd':
      return `compressed with ${content.kind}`;
    default:
      if (head.length === 0) return 'empty';
      return looksLikeJson(head) ? 'JSON text' : 'plain text or something unknown';
  }
}

function looksLikeJson(head: Uint8Array): boolean {
  return /^(?:\xef\xbb\xbf)?\s*[[{]/.test(Buffer.from(head.subarray(0, 256)).toString('latin1'));
}

import { badField } from '../api/fieldErrors.ts';
import type { CreateUpload } from '../api/schemas/file.ts';
import { maxMultipartBytes } from '../api/schemas/file.ts';
import type { Connector } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';

/** Around a file; the ending before it says what is inside. */
const wrappings = ['.gz', '.zst'] as const;

/** What tools send for data files; anything else is a mistake worth saying. */
const contentTypes: ReadonlySet<string> = new Set([
  'application/csv',
  'application/gzip',
  'application/json',
  'application/jsonl',
  'application/ndjson',
  'application/octet-stream',
  'application/parquet',
  'application/vnd.apache.parquet',
  'application/vnd.ms-excel',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/x-gzip',
  'application/x-ndjson',
  'application/x-parquet',
  'application/zstd',
  'binary/octet-stream',
  'text/csv',
  'text/json',
  'text/plain',
  'text/tab-separated-values',
]);

export type FileToUpload = Pick<CreateUpload, 'name' | 'bytes' | 'contentType' | 'multipart'>;

/** The ending that says what a file is, in lower case, without `.gz` or `.zst`: `.csv`. */
export function endingOf(name: string): string {
  let rest = name.toLowerCase();
  for (const wrapping of wrappings)
    if (rest.endsWith(wrapping)) rest = rest.slice(0, -wrapping.length);
  return /\.[a-z0-9]+$/.exec(rest)?.[0] ?? '';
}

/** `.gz` or `.zst`, or null. */
export const wrappingOf = (name: string): (typeof wrappings)[number] | null =>
  wrappings.find((wrapping) => name.toLowerCase().endsWith(wrapping)) ?? null;

/** Whether a connector takes files with this name. */
export const takesFile = (connector: Connector, name: string): boolean =>
  connector.fileTypes?.includes(endingOf(name)) === true;

/**
 * Refuses what could not become a file of the source before a byte is sent: names that are paths out of the
 * source's folder, endings the connector does not read (422), foreign content types (415), too many bytes (413).
 */
export function checkUpload(
  file: FileToUpload,
  connector: Connector,
  maxBytes: number,
  at: readonly string[] = [],
): void {
  checkFileName(file.name, [...at, 'name']);
  if (!takesFile(connector, file.name))
    throw badField(
      [...at, 'name'],
      connector.fileTypes === undefined
        ? `${connector.name} takes no files.`
        : `${connector.name} takes ${connector.fileTypes.join(', ')}, also with .gz or .zst.`,
      'unprocessable_file',
    );
  const type = file.contentType?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && !contentTypes.has(type))
    throw badField(
      [...at, 'contentType'],
      'Not the content type of a data file.',
      'unsupported_media_type',
    );
  if (file.bytes === 0)
    throw badField([...at, 'bytes'], 'The file is empty.', 'unprocessable_file');
  if (file.multipart && file.bytes === undefined)
    throw badField([...at, 'bytes'], 'Needed for an upload in parts.');
  const limit = file.multipart ? maxMultipartBytes : maxBytes;
  if (file.bytes !== undefined && file.bytes > limit)
    throw new HeadgateError(
      'payload_too_large',
      file.multipart
        ? 'A file may have 5 TiB.'
        : `A single upload may have ${maxBytes} bytes. Set multipart for more.`,
      { facts: { maxBytes: limit } },
    );
}

/** Throws unless a name is a plain relative path that S3, Iceberg and people read the same way. */
export function checkFileName(name: string, at: readonly string[]): void {
  const bad = (detail: string): Error => badField(at, detail);
  if (Buffer.byteLength(name) > 900) throw bad('May have 900 bytes.');
  if (name !== name.normalize('NFC')) throw bad('Must be in Unicode normal form C.');
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/u.test(name)) throw bad('Holds control characters.');
  if (name.includes('\\')) throw bad('Use / between folders.');
  if (name.trim() !== name) throw bad('Must not begin or end with a space.');
  for (const part of name.split('/'))
    if (part === '' || part.startsWith('.'))
      throw bad('Folders and names must not be empty or hidden.');
}

import { HeadgateError } from '../errors.ts';
import { endingOf, wrappingOf } from './checkUpload.ts';

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

const gzip = bytes(0x1f, 0x8b);
const zstandard = bytes(0x28, 0xb5, 0x2f, 0xfd);
const zip = bytes(0x50, 0x4b, 0x03, 0x04);
const parquet = ascii('PAR1');

/** How files begin that are no text, and what to call them. */
const binaries: readonly (readonly [Buffer, string])[] = [
  [gzip, 'gzip'],
  [zstandard, 'Zstandard'],
  [zip, 'a zip archive or a workbook'],
  [parquet, 'Parquet'],
  [ascii('%PDF'), 'a PDF'],
  [bytes(0x89, 0x50, 0x4e, 0x47), 'a PNG image'],
  [bytes(0xff, 0xd8, 0xff), 'a JPEG image'],
  [ascii('GIF8'), 'a GIF image'],
  [bytes(0xd0, 0xcf, 0x11, 0xe0), 'an old Office document'],
  [bytes(0x37, 0x7a, 0xbc, 0xaf), 'a 7z archive'],
  [bytes(0x42, 0x5a, 0x68), 'bzip2'],
  [bytes(0xfd, 0x37, 0x7a, 0x58), 'xz'],
  [bytes(0x7f, 0x45, 0x4c, 0x46), 'a program'],
  [ascii('SQLite format 3'), 'an SQLite database'],
];

const utf16Marks = [bytes(0xff, 0xfe), bytes(0xfe, 0xff)];

/**
 * Throws `unprocessable_file` when the first and last bytes of a file are not those of what its name says.
 * `head` and `tail` may be the whole of a short file. What is inside .gz and .zst is found out when it is read.
 */
export function checkContent(name: string, size: number, head: Uint8Array, tail: Uint8Array): void {
  const start = Buffer.from(head);
  const refuse = (detail: string): Error =>
    new HeadgateError('unprocessable_file', `${name}: ${detail}`, { facts: { file: name } });
  const begins = (magic: Buffer): boolean => start.subarray(0, magic.length).equals(magic);
  if (size === 0) throw refuse('the file is empty.');
  switch (wrappingOf(name)) {
    case '.gz':
      if (!begins(gzip)) throw refuse('this is not gzip.');
      return;
    case '.zst':
      if (!begins(zstandard)) throw refuse('this is not Zstandard.');
      return;
    default:
  }
  const ending = endingOf(name);
  if (ending === '.parquet') {
    const ends = Buffer.from(tail).subarray(-parquet.length).equals(parquet);
    if (size < 12 || !begins(parquet) || !ends)
      throw refuse(begins(zip) ? 'this is a zip archive, not Parquet.' : 'this is not Parquet.');
    return;
  }
  if (ending === '.xlsx') {
    if (!begins(zip)) throw refuse('this is not a workbook.');
    return;
  }
  const binary = binaries.find(([magic]) => begins(magic));
  if (binary !== undefined) throw refuse(`this is ${binary[1]}, not text.`);
  if (start.includes(0) && !utf16Marks.some(begins) && !looksLikeUtf16(start))
    throw refuse('this is not text: it holds NUL bytes.');
}

/** Western text in UTF-16 has a NUL in every other byte. */
function looksLikeUtf16(start: Buffer): boolean {
  let [even, odd] = [0, 0];
  for (const [index, byte] of start.entries())
    if (byte === 0) {
      if (index % 2 === 0) even += 1;
      else odd += 1;
    }
  const half = start.length / 2;
  return Math.max(even, odd) > half * 0.4 && Math.min(even, odd) < half * 0.05;
}

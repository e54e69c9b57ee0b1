import { isAscii, isUtf8 } from 'node:buffer';
import type { FileFormatOptions } from './fileFormatOptions.ts';
import { fileUnreadable } from './fileUnreadable.ts';

export type Encoding = NonNullable<FileFormatOptions['encoding']>;

/** What the first bytes say about the encoding. */
export interface DetectedEncoding {
  readonly encoding: Encoding;
  /** Bytes of the byte order mark. */
  readonly markBytes: number;
  /** UTF-8 was assumed: the first byte that contradicts it, after nothing but ASCII, means Windows-1252. */
  readonly isAssumed: boolean;
}

/**
 * The encoding of a text: what the options say, else its byte order mark, else UTF-16 by where its zero bytes are,
 * else UTF-8.
 */
export function detectEncoding(head: Uint8Array, chosen: Encoding | undefined): DetectedEncoding {
  const [first, second, third] = head;
  const mark: DetectedEncoding | null =
    first === 0xef && second === 0xbb && third === 0xbf
      ? { encoding: 'utf-8', markBytes: 3, isAssumed: false }
      : first === 0xff && second === 0xfe
        ? { encoding: 'utf-16le', markBytes: 2, isAssumed: false }
        : first === 0xfe && second === 0xff
          ? { encoding: 'utf-16be', markBytes: 2, isAssumed: false }
          : null;
  if (chosen !== undefined)
    return {
      encoding: chosen,
      markBytes: mark?.encoding === chosen ? mark.markBytes : 0,
      isAssumed: false,
    };
  if (mark !== null) return mark;
  const zeros = [0, 0];
  const looked = head.subarray(0, 4096);
  looked.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] as number) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  const half = looked.length / 2;
  if (odd > half * 0.4 && even < half * 0.1)
    return { encoding: 'utf-16le', markBytes: 0, isAssumed: false };
  if (even > half * 0.4 && odd < half * 0.1)
    return { encoding: 'utf-16be', markBytes: 0, isAssumed: false };
  return { encoding: 'utf-8', markBytes: 0, isAssumed: true };
}

/** A text on its way to UTF-8. */
export interface TextDecoding {
  /** The encoding so far: an assumed UTF-8 may turn out to be Windows-1252. */
  readonly encoding: Encoding;
  /** UTF-8 without a byte order mark. Throws `file_unreadable` with `{ offset }` of a byte that cannot be decoded. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Decodes strictly: no byte is ever replaced or left out. */
export function decodeText(
  source: AsyncIterable<Uint8Array>,
  { encoding: detected, markBytes, isAssumed }: DetectedEncoding,
): TextDecoding {
  let encoding = detected;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let rest: Uint8Array = new Uint8Array();
    let offset = 0;
    let toSkip = markBytes;
    let isAsciiSoFar = true;
    for await (const chunk of source) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (toSkip > 0) {
        const skipped = Math.min(toSkip, bytes.length);
        bytes = bytes.subarray(skipped);
        toSkip -= skipped;
        offset += skipped;
      }
      const whole = wholeCharacters(bytes, encoding);
      const ready = bytes.subarray(0, whole);
      rest = bytes.subarray(whole);
      if (encoding !== 'utf-8') yield transcode(ready, encoding, offset);
      else if (isUtf8(ready)) {
        isAsciiSoFar &&= isAscii(ready);
        yield ready;
      } else {
        const bad = firstInvalid(ready);
        if (!isAssumed || !isAsciiSoFar || !isAscii(ready.subarray(0, bad)))
          throw undecodable(encoding, offset + bad);
        encoding = 'windows-1252';
        rest = new Uint8Array();
        yield transcode(bytes, encoding, offset);
        offset += bytes.length;
        continue;
      }
      offset += whole;
    }
    if (rest.length === 0) return;
    if (encoding !== 'utf-8' || !isAssumed || !isAsciiSoFar) throw undecodable(encoding, offset);
    encoding = 'windows-1252';
    yield transcode(rest, encoding, offset);
  }
  return {
    get encoding() {
      return encoding;
    },
    chunks: chunks(),
  };
}

const undecodable = (encoding: Encoding, offset: number): Error =>
  fileUnreadable(
    `Byte ${offset} is not ${encoding}. Save the file as UTF-8, or say which encoding it has.`,
    { offset, encoding },
  );

/** How many of the bytes are whole characters; up to 3 more belong to one that is cut. */
function wholeCharacters(bytes: Uint8Array, encoding: Encoding): number {
  const { length } = bytes;
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    const even = length - (length % 2);
    const high = encoding === 'utf-16le' ? bytes[even - 1] : bytes[even - 2];
    return high !== undefined && high >> 2 === 0x36 ? even - 2 : even;
  }
  if (encoding !== 'utf-8') return length;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < size ? length - back : length;
    }
  }
  return length;
}

/** Index of the first byte of what is no UTF-8, by halving. */
function firstInvalid(bytes: Uint8Array): number {
  let [valid, end] = [0, bytes.length];
  while (end - valid > 64) {
    const middle = valid + ((end - valid) >> 1);
    // Cut where a character starts.
    let cut = middle;
    while (cut > valid && ((bytes[cut] as number) & 0xc0) === 0x80) cut--;
    if (cut === valid) break;
    if (isUtf8(bytes.subarray(valid, cut))) valid = cut;
    else end = cut;
  }
  while (valid < end) {
    const size = [1, 2, 3, 4].find((length) => isUtf8(bytes.subarray(valid, valid + length)));
    if (size === undefined) return valid;
    valid += size;
  }
  return valid;
}

/** U+0080 to U+009F as Windows-1252 has them; five bytes it leaves open. */
const windows1252 = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
  0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161,
  0x203a, 0x0153, 0, 0x017e, 0x0178,
];

function transcode(bytes: Uint8Array, encoding: Encoding, offset: number): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoding === 'latin-1') return Buffer.from(buffer.toString('latin1'));
  if (encoding === 'windows-1252') {
    const text = buffer
      .toString('latin1')
      .replace(/[\x80-\x9f]/g, (character: string, at: number) => {
        const code = windows1252[character.charCodeAt(0) - 0x80] as number;
        if (code === 0) throw undecodable(encoding, offset + at);
        return String.fromCharCode(code);
      });
    return Buffer.from(text);
  }
  const units = encoding === 'utf-16be' ? Buffer.from(buffer).swap16() : buffer;
  const text = units.toString('utf16le');
  if (!text.isWellFormed()) throw undecodable(encoding, offset + 2 * loneSurrogate(text));
  return Buffer.from(text);
}

function loneSurrogate(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const following = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(following >= 0xdc00 && following <= 0xdfff)) return at;
    at++;
  }
  return text.length;
}

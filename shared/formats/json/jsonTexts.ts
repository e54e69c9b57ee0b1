import { fileUnreadable } from '../fileUnreadable.ts';

/** The text of one record and the line of the file it starts in. */
export interface JsonText {
  readonly text: string;
  readonly line: number;
  /** Too long to be read; `text` is its beginning. */
  readonly isCut: boolean;
}

export type JsonShape =
  /** One value per line. */
  | 'lines'
  /** One array of values, or values one after the other over any number of lines. */
  | 'values';

const longestRecordBytes = 1 << 24;
const cutTextBytes = 1 << 16;
const [lf, space, comma, quote, backslash] = [10, 32, 44, 34, 92];
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125];

/** Whether a text has one record per line: its first line is a whole object. */
export function jsonShapeOf(sample: string): JsonShape {
  const start = sample.search(/[^\s]/);
  if (start < 0 || sample[start] !== '{') return 'values';
  const end = sample.indexOf('\n', start);
  try {
    JSON.parse(end < 0 ? sample.slice(start) : sample.slice(start, end));
    return 'lines';
  } catch {
    return end < 0 ? 'lines' : 'values';
  }
}

/**
 * Cuts a stream of UTF-8 into the texts of its records. In `lines`, a broken line is a broken record and nothing
 * more. In `values`, brackets are matched; throws `file_unreadable` when the file ends inside a value, or a value
 * is longer than a record may be.
 */
export async function* jsonTexts(
  chunks: AsyncIterable<Uint8Array>,
  shape: JsonShape,
): AsyncGenerator<JsonText> {
  yield* shape === 'lines' ? lineTexts(chunks) : valueTexts(chunks);
}

async function* lineTexts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText> {
  let parts: Buffer[] = [];
  let size = 0;
  let line = 1;
  const take = (): JsonText | null => {
    const text = Buffer.concat(parts).toString('utf8');
    const isCut = size > longestRecordBytes;
    parts = [];
    size = 0;
    return text.trim() === '' ? null : { text, line, isCut };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, from)) {
      keep(chunk.subarray(from, at));
      const text = take();
      if (text !== null) yield text;
      line++;
      from = at + 1;
    }
    keep(chunk.subarray(from));
  }
  const last = take();
  if (last !== null) yield last;

  function keep(bytes: Uint8Array): void {
    size += bytes.length;
    if (size <= longestRecordBytes || parts.length === 0)
      parts.push(Buffer.from(size <= longestRecordBytes ? bytes : bytes.subarray(0, cutTextBytes)));
  }
}

async function* valueTexts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText> {
  /** Bytes of the value that earlier chunks brought. */
  let parts: Buffer[] = [];
  let size = 0;
  let line = 1;
  let valueLine = 1;
  let depth = 0;
  let isInValue = false;
  let isInString = false;
  let isEscaped = false;
  let isInArray = false;
  for await (const chunk of chunks) {
    let from = 0;
    const cut = (to: number): JsonText => {
      parts.push(Buffer.from(chunk.subarray(from, to)));
      const text = Buffer.concat(parts).toString('utf8');
      parts = [];
      size = 0;
      isInValue = false;
      return { text, line: valueLine, isCut: false };
    };
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === lf) line++;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isInString = false;
        continue;
      }
      if (!isInValue) {
        if (byte <= space || byte === comma) continue;
        if (byte === openBracket && !isInArray) {
          isInArray = true;
          continue;
        }
        if (byte === closeBracket && isInArray) {
          isInArray = false;
          continue;
        }
        isInValue = true;
        valueLine = line;
        from = at;
        depth = 0;
      }
      if (byte === quote) isInString = true;
      else if (byte === openBrace || byte === openBracket) depth++;
      else if (byte === closeBrace || (byte === closeBracket && depth > 0)) {
        depth--;
        if (depth <= 0) yield cut(at + 1);
      } else if (depth === 0 && (byte === comma || byte === closeBracket || byte <= space)) {
        // A bare number or word, which is no record.
        yield cut(at);
        if (byte === closeBracket) isInArray = false;
      }
    }
    if (!isInValue) continue;
    parts.push(Buffer.from(chunk.subarray(from)));
    size += chunk.length - from;
    if (size > longestRecordBytes)
      throw fileUnreadable(
        `Line ${valueLine}: one value is longer than ${longestRecordBytes} bytes. Records must be a top-level array, or one object per line.`,
        { line: valueLine },
      );
  }
  if (isInValue && (depth > 0 || isInString))
    throw fileUnreadable(
      `The file is cut off: the value that starts in line ${valueLine} does not end.`,
      { line: valueLine },
    );
  if (isInValue)
    yield { text: Buffer.concat(parts).toString('utf8'), line: valueLine, isCut: false };
  if (isInArray) throw fileUnreadable('The file is cut off: its array does not end.');
}

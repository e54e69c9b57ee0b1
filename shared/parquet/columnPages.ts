import {
  type BytesBuffer,
  bytesOf,
  type ColumnBuffer,
  type WrittenColumn,
} from './columnBuffers.ts';
import { type Dictionary, dictionaryOf } from './dictionary.ts';
import { definitionLevels, packedRun, sameRun } from './hybridRuns.ts';
import type { PagePool } from './pagePool.ts';
import { fixedBytes } from './physicalType.ts';
import { ThriftWriter } from './thriftWriter.ts';

/** A page before it is compressed. */
export interface Page {
  readonly body: Buffer;
  /** Its rows, NULLs among them; of a dictionary, its values. */
  readonly values: number;
  readonly encoding: Encoding;
  readonly isDictionary: boolean;
}

/**
 * Numbers of parquet.thrift's `Encoding`. Dictionaries are called by the first version's name, like DuckDB's: every
 * reader knows it, and the bytes are the same.
 */
export const encodings = { plain: 0, dictionary: 2, levels: 3 } as const;
type Encoding = (typeof encodings)[keyof typeof encodings];

const pageBytes = 1 << 20;
/** Readers skip whole groups of definition levels; a page's first row is a multiple of it. */
const rowStep = 8;

/**
 * The pages of one column's rows, one at a time: a page's body is made when it is asked for, of what the pool has, and is
 * for the caller to give back.
 */
export function* columnPages(
  buffer: WrittenColumn,
  rows: number,
  dictionary: Dictionary | null,
  pool: PagePool,
): Generator<Page> {
  if (dictionary !== null) {
    const { plain, count } = dictionary;
    yield {
      body: joined(pool, [plain]),
      values: count,
      encoding: encodings.plain,
      isDictionary: true,
    };
  }
  const encoding = dictionary === null ? encodings.plain : encodings.dictionary;
  const cut = dictionary === null && buffer.kind === 'bytes' ? cutBytes : cutEvenly;
  for (const { from, to, first, last, start, end } of cut(buffer, rows)) {
    const levels = definitionLevels(buffer.nulls, from, to);
    const values =
      dictionary === null
        ? plainValues(buffer, first, last, start, end)
        : codesOf(dictionary, first, last);
    yield {
      body: joined(pool, [levels, values]),
      values: to - from,
      encoding,
      isDictionary: false,
    };
  }
}

function joined(pool: PagePool, parts: readonly Uint8Array[]): Buffer {
  const body = pool.take(parts.reduce((bytes, { length }) => bytes + length, 0));
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** Rows from `from` to before `to`, and their values from `first` to before `last`; of bytes, where these lie. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
}

function* cutEvenly(buffer: WrittenColumn, rows: number): Generator<Cut> {
  const each = Math.max(1, bytesOf(buffer) / Math.max(1, rows));
  const step = Math.max(rowStep, Math.floor(pageBytes / each / rowStep) * rowStep);
  let first = 0;
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const last = first + to - from - buffer.nulls.countIn(from, to);
    yield { from, to, first, last, start: 0, end: 0 };
    first = last;
  }
}

/** By what the values take: they may be short here and long there. */
function* cutBytes(buffer: WrittenColumn, rows: number): Generator<Cut> {
  const { bytes, nulls } = buffer as BytesBuffer;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [from, first, last, start, end] = [0, 0, 0, 0, 0];
  for (let to = rowStep; from < rows; to += rowStep) {
    const until = Math.min(to, rows);
    const values = until - (to - rowStep) - nulls.countIn(to - rowStep, until);
    for (const stop = last + values; last < stop; last++) end += 4 + view.getInt32(end, true);
    if (end - start < pageBytes && until < rows) continue;
    yield { from, to: until, first, last, start, end };
    [from, first, start] = [until, last, end];
  }
}

function plainValues(
  buffer: WrittenColumn,
  first: number,
  last: number,
  start: number,
  end: number,
): Uint8Array {
  switch (buffer.kind) {
    case 'constant':
      return oneValue(buffer.one);
    case 'bytes':
      return buffer.bytes.subarray(start, end);
    case 'fixed':
      return buffer.bytes.subarray(fixedBytes * first, fixedBytes * last);
    case 'boolean': {
      const packed = new Uint8Array((last - first + 7) >> 3);
      for (let index = first; index < last; index++) {
        const place = index - first;
        packed[place >> 3] =
          (packed[place >> 3] as number) | ((buffer.data[index] as number) << (place & 7));
      }
      return packed;
    }
    default: {
      const width = buffer.kind === 'int64' || buffer.kind === 'double' ? 8 : 4;
      return new Uint8Array(buffer.data.buffer, width * first, width * (last - first));
    }
  }
}

const noCodes = new Uint16Array(0);
const oneValue = (one: ColumnBuffer): Uint8Array => plainValues(one, 0, 1, 0, bytesOf(one));

/** Their width in one byte, and then the codes. */
function codesOf({ count, codes }: Dictionary, first: number, last: number): Buffer {
  const bitWidth = Math.max(1, 32 - Math.clz32(count - 1));
  const run =
    count === 1 ? sameRun(0, last - first, bitWidth) : packedRun(codes, first, last, bitWidth);
  return Buffer.concat([Buffer.of(bitWidth), ...(last === first ? [] : [run])]);
}

/** A column and its pages; a column's dictionary is looked for once. */
export const encodeColumn = (
  buffer: WrittenColumn,
  rows: number,
  pool: PagePool,
): { readonly dictionary: Dictionary | null; readonly pages: Iterable<Page> } => {
  const dictionary =
    buffer.kind === 'constant' && buffer.count > 0
      ? { plain: oneValue(buffer.one), count: 1, codes: noCodes }
      : dictionaryOf(buffer);
  return { dictionary, pages: columnPages(buffer, rows, dictionary, pool) };
};

/** `PageHeader` (parquet.thrift) of a page of so many bytes. */
export function pageHeader(
  page: Omit<Page, 'body'>,
  bytes: number,
  compressedBytes: number,
): Buffer {
  const thrift = new ThriftWriter();
  thrift.struct(null, () => {
    thrift.i32(1, page.isDictionary ? 2 : 0);
    thrift.i32(2, bytes);
    thrift.i32(3, compressedBytes);
    if (page.isDictionary)
      thrift.struct(7, () => {
        thrift.i32(1, page.values);
        thrift.i32(2, page.encoding);
      });
    else
      thrift.struct(5, () => {
        thrift.i32(1, page.values);
        thrift.i32(2, page.encoding);
        thrift.i32(3, encodings.levels);
        thrift.i32(4, encodings.levels);
      });
  });
  return thrift.take();
}

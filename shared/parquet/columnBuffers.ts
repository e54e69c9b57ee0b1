import type { ColumnType } from '../lake/schema.ts';
import { NullBits } from './nullBits.ts';
import { fixedBytes, physicalType } from './physicalType.ts';

/*
 * The values of one column and row group, without NULLs, in Parquet's PLAIN encoding: little-endian numbers, texts and
 * bytes each behind their length (parquet-format, Encodings.md). Typed arrays are in the machine's order, which is that
 * wherever DuckDB and Node run. Each kind has a class of its own so that a call in a hot loop has one target.
 *
 * Whoever fills them adds, for each row, either one value or a NULL with the row's number.
 */

/** Buffers double as they fill: small loads are many, and large ones soon there. */
const firstValues = 256;

export class Int32Buffer {
  readonly kind = 'int32';
  readonly nulls = new NullBits();
  data = new Int32Array(firstValues);
  count = 0;

  add(value: number): void {
    if (this.count === this.data.length) this.data = doubled(this.data, Int32Array);
    this.data[this.count++] = value;
  }
}

/** Two words for each value, the lower first. */
export class Int64Buffer {
  readonly kind = 'int64';
  readonly nulls = new NullBits();
  data = new Int32Array(2 * firstValues);
  count = 0;

  add(high: number, low: number): void {
    const at = 2 * this.count++;
    if (at === this.data.length) this.data = doubled(this.data, Int32Array);
    this.data[at] = low;
    this.data[at + 1] = high;
  }

  /** A whole number between ±2^53. */
  addNumber(value: number): void {
    this.add(Math.floor(value / 4_294_967_296), value | 0);
  }
}

export class FloatBuffer {
  readonly kind = 'float';
  readonly nulls = new NullBits();
  data = new Float32Array(firstValues);
  count = 0;

  add(value: number): void {
    if (this.count === this.data.length) this.data = doubled(this.data, Float32Array);
    this.data[this.count++] = value;
  }
}

export class DoubleBuffer {
  readonly kind = 'double';
  readonly nulls = new NullBits();
  data = new Float64Array(firstValues);
  count = 0;

  add(value: number): void {
    if (this.count === this.data.length) this.data = doubled(this.data, Float64Array);
    this.data[this.count++] = value;
  }
}

/** One byte for each value, 1 or 0; packed into bits when it is written. */
export class BooleanBuffer {
  readonly kind = 'boolean';
  readonly nulls = new NullBits();
  data = new Uint8Array(firstValues);
  count = 0;

  add(value: number): void {
    if (this.count === this.data.length) this.data = doubled(this.data, Uint8Array);
    this.data[this.count++] = value;
  }
}

/** Numbers of 16 bytes in two's complement, the highest byte first. */
export class FixedBuffer {
  readonly kind = 'fixed';
  readonly nulls = new NullBits();
  bytes = Buffer.alloc(fixedBytes * firstValues);
  count = 0;

  /** The four words from the highest to the lowest. */
  add(w3: number, w2: number, w1: number, w0: number): void {
    const at = fixedBytes * this.count++;
    if (at === this.bytes.length) this.bytes = Buffer.concat([this.bytes], 2 * at);
    this.bytes.writeInt32BE(w3 | 0, at);
    this.bytes.writeInt32BE(w2 | 0, at + 4);
    this.bytes.writeInt32BE(w1 | 0, at + 8);
    this.bytes.writeInt32BE(w0 | 0, at + 12);
  }
}

/** Up to this length a loop is done before a call to copy has begun. */
const fewBytes = 64;
/** Of longer texts it costs little to ask first how many bytes they take. */
const manyCharacters = 4096;
const firstBytes = 4096;
/** What a usual row group's texts take, and some more. */
const mostBytesKept = 16 * 2 ** 20;

export class BytesBuffer {
  readonly kind = 'bytes';
  readonly nulls = new NullBits();
  /** Each value behind its length in four bytes. */
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  #view = viewOf(this.bytes);
  end = 0;
  count = 0;

  add(source: Uint8Array, from: number, to: number): void {
    const length = to - from;
    let at = this.begin(length);
    const { bytes } = this;
    if (length > fewBytes) bytes.set(source.subarray(from, to), at);
    else for (let next = from; next < to; next++) bytes[at++] = source[next] as number;
  }

  /** The same, of bytes that are looked at by way of a view; several at a time. */
  addFrom(source: DataView, from: number, to: number): void {
    const length = to - from;
    let at = this.begin(length);
    if (length > fewBytes) {
      const { buffer, byteOffset } = source;
      this.bytes.set(new Uint8Array(buffer, byteOffset + from, length), at);
      return;
    }
    const view = this.#view;
    let next = from;
    for (; next + 4 <= to; next += 4, at += 4) view.setInt32(at, source.getInt32(next));
    for (; next < to; next++) this.bytes[at++] = source.getUint8(next);
  }

  addText(text: string): void {
    const { length } = text;
    if (length > manyCharacters) {
      const bytes = Buffer.byteLength(text);
      const at = this.begin(bytes);
      this.bytes.write(text, at, bytes);
      return;
    }
    const start = this.end + 4;
    // As many bytes as any text of that length takes.
    if (start + 3 * length > this.bytes.length) this.#grow(start + 3 * length);
    const written =
      (length <= fewBytes ? this.#writeAscii(text, start) : null) ?? this.bytes.write(text, start);
    this.#view.setInt32(this.end, written, true);
    this.end = start + written;
    this.count++;
  }

  /** Bytes written; null where there is another character. */
  #writeAscii(text: string, start: number): number | null {
    const { bytes } = this;
    const { length } = text;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return null;
      bytes[start + index] = code;
    }
    return length;
  }

  /** Makes place for a value of so many bytes, which MUST be written into `bytes` from the answer on. */
  begin(length: number): number {
    const start = this.end + 4;
    const end = start + length;
    if (end > this.bytes.length) this.#grow(end);
    this.#view.setInt32(this.end, length, true);
    this.end = end;
    this.count++;
    return start;
  }

  clear(): void {
    this.end = 0;
    if (this.bytes.length <= mostBytesKept) return;
    this.bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#view = viewOf(this.bytes);
  }

  #grow(needed: number): void {
    const longer = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, needed + (needed >> 1)));
    this.bytes.copy(longer, 0, 0, this.end);
    this.bytes = longer;
    this.#view = viewOf(longer);
  }
}

/** One and the same value in every row. */
export class ConstantBuffer {
  readonly kind = 'constant';
  readonly nulls = new NullBits();
  readonly one: ColumnBuffer;
  count = 0;

  /** `one` MUST hold one value. */
  constructor(one: ColumnBuffer) {
    this.one = one;
  }
}

export type ColumnBuffer =
  | BooleanBuffer
  | Int32Buffer
  | Int64Buffer
  | FloatBuffer
  | DoubleBuffer
  | FixedBuffer
  | BytesBuffer;

const makers = {
  boolean: () => new BooleanBuffer(),
  int32: () => new Int32Buffer(),
  int64: () => new Int64Buffer(),
  float: () => new FloatBuffer(),
  double: () => new DoubleBuffer(),
  fixed: () => new FixedBuffer(),
  bytes: () => new BytesBuffer(),
} as const;

export const columnBuffer = (type: ColumnType): ColumnBuffer => makers[physicalType(type)]();

/** What a row group is written from. */
export type WrittenColumn = ColumnBuffer | ConstantBuffer;

/** Values are forgotten; what they took stays for the next ones, unless long values made it large. */
export function clearBuffer(buffer: WrittenColumn): void {
  buffer.count = 0;
  buffer.nulls.clear();
  if (buffer instanceof BytesBuffer) buffer.clear();
}

/** Bytes that the values take. */
export function bytesOf(buffer: WrittenColumn): number {
  if (buffer.kind === 'constant') return 0;
  if (buffer instanceof BytesBuffer) return buffer.end;
  if (buffer instanceof FixedBuffer) return fixedBytes * buffer.count;
  return widths[buffer.kind] * buffer.count;
}

/** Bytes of one value in memory. */
const widths = { boolean: 1, int32: 4, float: 4, int64: 8, double: 8 } as const;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function doubled<Values extends Int32Array | Float32Array | Float64Array | Uint8Array>(
  data: Values,
  Kind: new (length: number) => Values,
): Values {
  const longer = new Kind(2 * data.length);
  longer.set(data);
  return longer;
}

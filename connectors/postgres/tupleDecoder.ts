import type { ColumnSink } from '../../shared/connectors/columnSink.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { daysOfDate, decimalOf, microsOfTimestamp } from '../../shared/lake/singleValue.ts';
import type {
  BooleanBuffer,
  BytesBuffer,
  DoubleBuffer,
  FixedBuffer,
  FloatBuffer,
  Int32Buffer,
  Int64Buffer,
} from '../../shared/parquet/columnBuffers.ts';
import type { NullBits } from '../../shared/parquet/nullBits.ts';
import { headerBytes } from './copyFrames.ts';
import type { TupleKind } from './decodedColumn.ts';
import { op, opOf } from './tupleOps.ts';
import { epochDays, epochMicros, tupleText } from './tupleText.ts';

const wordValues = 4_294_967_296;
const lowOf = (value: bigint): number => Number(BigInt.asUintN(32, value));
const highOf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
const [epochHigh, epochLow] = [highOf(epochMicros), lowOf(epochMicros)];

/** Dates and times that the loader takes as text: PostgreSQL's from the year 1 on, but for infinity. */
const firstDay = daysOfDate('0001-01-01') as number;
const lastDay = daysOfDate('99999-12-31') as number;
const firstMicros = microsOfTimestamp('0001-01-01 00:00:00') as bigint;
/** The last of 64 bits is infinity to readers. */
const lastMicros = 2n ** 63n - 2n;
/** Upper words between which no time can be beyond those. */
const [safeHigh, mostHigh] = [highOf(firstMicros) + 1, 2 ** 31 - 2];

const tenTo = [1, 10, 100, 1000, 10_000] as const;
const hexDigits = Buffer.from('0123456789abcdef');

/**
 * Adds the values of binary tuples (PostgreSQL's documentation, COPY, "Binary Format"), each behind the header of its
 * message, to one sink. Nothing is made per row: one pass over the bytes, and one number per column says what its cells
 * are.
 */
export class TupleDecoder {
  readonly #kinds: readonly TupleKind[];
  readonly #sink: ColumnSink;
  readonly #ops: Uint8Array;
  /** Of decimals: digits behind the point, and before it. */
  readonly #scales: Uint8Array;
  readonly #wholes: Uint8Array;
  /** A number of 16 bytes, the lowest word first. */
  readonly #words = new Float64Array(4);

  constructor(kinds: readonly TupleKind[], sink: ColumnSink) {
    this.#kinds = kinds;
    this.#sink = sink;
    const decimals = sink.types.map((type) => decimalOf(type ?? ''));
    this.#ops = Uint8Array.from(kinds, (kind, index) => opOf(kind, sink.types[index] ?? null));
    this.#scales = Uint8Array.from(decimals, (decimal) => decimal?.scale ?? 0);
    this.#wholes = Uint8Array.from(decimals, (decimal) =>
      decimal === null ? 0 : decimal.precision - decimal.scale,
    );
  }

  /** Throws `source_answer_invalid` where the bytes are not so many whole tuples. */
  decode(bytes: Buffer, rows: number): void {
    const sink = this.#sink;
    const { columns } = sink;
    const kinds = this.#ops;
    const width = kinds.length;
    const nulls = columns.map((column) => column?.nulls ?? null) as NullBits[];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = bytes.length;
    let at = 0;
    let row = sink.row;
    for (const last = row + rows; row < last; row++) {
      if (at + headerBytes + 2 > end) throw brokenTuple();
      const tupleEnd = at + 1 + view.getUint32(at + 1);
      at += headerBytes;
      if (tupleEnd > end || view.getInt16(at) !== width) throw brokenTuple();
      at += 2;
      for (let index = 0; index < width; index++) {
        if (at + 4 > tupleEnd) throw brokenTuple();
        const length = view.getInt32(at);
        at += 4;
        const kind = kinds[index] as number;
        if (length < 0) {
          if (kind !== op.skip) (nulls[index] as NullBits).add(row);
          continue;
        }
        const next = at + length;
        if (next > tupleEnd) throw brokenTuple();
        switch (kind) {
          case op.skip:
            break;
          case op.bool:
            if (length !== 1) throw brokenTuple();
            (columns[index] as BooleanBuffer).add(view.getUint8(at));
            break;
          case op.int2:
            if (length !== 2) throw brokenTuple();
            (columns[index] as Int32Buffer).add(view.getInt16(at));
            break;
          case op.int4:
            if (length !== 4) throw brokenTuple();
            (columns[index] as Int32Buffer).add(view.getInt32(at));
            break;
          case op.int2ToLong: {
            if (length !== 2) throw brokenTuple();
            const value = view.getInt16(at);
            (columns[index] as Int64Buffer).add(value >> 31, value);
            break;
          }
          case op.int4ToLong: {
            if (length !== 4) throw brokenTuple();
            const value = view.getInt32(at);
            (columns[index] as Int64Buffer).add(value >> 31, value);
            break;
          }
          case op.int8:
            if (length !== 8) throw brokenTuple();
            (columns[index] as Int64Buffer).add(view.getInt32(at), view.getInt32(at + 4));
            break;
          case op.oid:
            if (length !== 4) throw brokenTuple();
            (columns[index] as Int64Buffer).add(0, view.getInt32(at));
            break;
          case op.float4:
            if (length !== 4) throw brokenTuple();
            (columns[index] as FloatBuffer).add(view.getFloat32(at));
            break;
          case op.float4ToDouble:
            if (length !== 4) throw brokenTuple();
            (columns[index] as DoubleBuffer).add(view.getFloat32(at));
            break;
          case op.float8:
            if (length !== 8) throw brokenTuple();
            (columns[index] as DoubleBuffer).add(view.getFloat64(at));
            break;
          case op.numericTo32:
            if (this.#numeric(view, at, next, index))
              (columns[index] as Int32Buffer).add(this.#words[0] as number);
            else this.#unfit(bytes, at, next, index, row);
            break;
          case op.numericTo64:
            if (this.#numeric(view, at, next, index))
              (columns[index] as Int64Buffer).add(
                this.#words[1] as number,
                this.#words[0] as number,
              );
            else this.#unfit(bytes, at, next, index, row);
            break;
          case op.numericToFixed: {
            const words = this.#words;
            if (this.#numeric(view, at, next, index))
              (columns[index] as FixedBuffer).add(
                words[3] as number,
                words[2] as number,
                words[1] as number,
                words[0] as number,
              );
            else this.#unfit(bytes, at, next, index, row);
            break;
          }
          case op.date: {
            if (length !== 4) throw brokenTuple();
            const days = view.getInt32(at) + epochDays;
            if (days >= firstDay && days <= lastDay) (columns[index] as Int32Buffer).add(days);
            else this.#unfit(bytes, at, next, index, row);
            break;
          }
          case op.timestamp: {
            if (length !== 8) throw brokenTuple();
            const low = view.getUint32(at + 4) + epochLow;
            const high = view.getInt32(at) + epochHigh + (low >= wordValues ? 1 : 0);
            if ((high >= safeHigh && high <= mostHigh) || isInTime(view.getBigInt64(at)))
              (columns[index] as Int64Buffer).add(high, low);
            else this.#unfit(bytes, at, next, index, row);
            break;
          }
          case op.uuid:
            if (length !== 16) throw brokenTuple();
            addUuid(columns[index] as BytesBuffer, view, at);
            break;
          case op.jsonb:
            // The only version there is.
            if (length < 1 || view.getUint8(at) !== 1) throw brokenTuple();
            (columns[index] as BytesBuffer).addFrom(view, at + 1, next);
            break;
          case op.bytes:
            (columns[index] as BytesBuffer).addFrom(view, at, next);
            break;
        }
        at = next;
      }
      if (at !== tupleEnd) throw brokenTuple();
    }
    if (at !== end) throw brokenTuple();
    sink.row = row;
  }

  #unfit(bytes: Buffer, at: number, next: number, index: number, row: number): void {
    const sink = this.#sink;
    sink.row = row;
    sink.columns[index]?.nulls.add(row);
    sink.unfit(index, tupleText(this.#kinds[index] as TupleKind, bytes.subarray(at, next)));
  }

  /**
   * Reads a number into `#words`, without its point. false: it is none of the column's, because it is NaN, infinite or
   * has more digits, which a column of a declared precision has not, but a foreign table's may.
   */
  #numeric(view: DataView, at: number, next: number, index: number): boolean {
    if (next - at < 8) throw brokenTuple();
    const groups = view.getInt16(at);
    const weight = view.getInt16(at + 2);
    const sign = view.getUint16(at + 4);
    if (next - at !== 8 + 2 * groups) throw brokenTuple();
    if (sign !== 0 && sign !== 0x4000) return false;
    const words = this.#words;
    const scale = this.#scales[index] as number;
    const first = groups > 0 ? view.getInt16(at + 8) : 0;
    const wholeDigits = groups === 0 || weight < 0 ? 0 : 4 * weight + digitsOf(first);
    if (wholeDigits > (this.#wholes[index] as number)) return false;
    const behind = (scale + 3) >> 2;
    const spare = 4 * behind - scale;
    // Groups from the first one to the last that the scale reaches into; what follows would be zeros.
    const wanted = groups === 0 ? 0 : weight + 1 + behind;
    if (groups > Math.max(0, wanted)) return false;
    if (wanted <= 3) {
      let value = 0;
      for (let place = 0; place < wanted; place++) {
        const group = place < groups ? view.getInt16(at + 8 + 2 * place) : 0;
        if (place < wanted - 1 || spare === 0) value = value * 10_000 + group;
        else {
          if (group % (tenTo[spare] as number) !== 0) return false;
          value = value * (tenTo[4 - spare] as number) + group / (tenTo[spare] as number);
        }
      }
      if (sign !== 0) value = -value;
      words[0] = value | 0;
      const high = Math.floor(value / wordValues);
      words[1] = high;
      words[2] = value < 0 ? -1 : 0;
      words[3] = words[2];
      return true;
    }
    words.fill(0);
    for (let place = 0; place < wanted; place++) {
      const group = place < groups ? view.getInt16(at + 8 + 2 * place) : 0;
      const isLast = place === wanted - 1;
      const factor = isLast ? tenTo[4 - spare] : 10_000;
      const divisor = isLast ? (tenTo[spare] as number) : 1;
      if (group % divisor !== 0) return false;
      let carry = group / divisor;
      for (let word = 0; word < 4; word++) {
        const value = (words[word] as number) * (factor as number) + carry;
        carry = Math.floor(value / wordValues);
        words[word] = value - carry * wordValues;
      }
    }
    if (sign !== 0) {
      let carry = 1;
      for (let word = 0; word < 4; word++) {
        const value = wordValues - 1 - (words[word] as number) + carry;
        carry = value >= wordValues ? 1 : 0;
        words[word] = value - carry * wordValues;
      }
    }
    return true;
  }
}

const digitsOf = (group: number): number =>
  group >= 1000 ? 4 : group >= 100 ? 3 : group >= 10 ? 2 : 1;

function isInTime(value: bigint): boolean {
  const micros = value + epochMicros;
  return value !== 2n ** 63n - 1n && micros >= firstMicros && micros <= lastMicros;
}

/** Hexadecimal digits, with a hyphen before the bytes 4, 6, 8 and 10. */
function addUuid(buffer: BytesBuffer, view: DataView, from: number): void {
  let to = buffer.begin(36);
  const { bytes } = buffer;
  for (let place = 0; place < 16; place++) {
    if (place === 4 || place === 6 || place === 8 || place === 10) bytes[to++] = 0x2d;
    const byte = view.getUint8(from + place);
    bytes[to++] = hexDigits[byte >> 4] as number;
    bytes[to++] = hexDigits[byte & 15] as number;
  }
}

const brokenTuple = (): HeadgateError =>
  new HeadgateError(
    'source_answer_invalid',
    'What answers COPY does not send one row a message. Set the transfer to cursor.',
  );

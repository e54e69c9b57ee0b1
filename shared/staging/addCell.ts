import type { Json } from '../json.ts';
import type { ColumnType } from '../lake/schema.ts';
import { decimalOf } from '../lake/singleValue.ts';
import type {
  BooleanBuffer,
  BytesBuffer,
  ColumnBuffer,
  DoubleBuffer,
  FixedBuffer,
  FloatBuffer,
  Int32Buffer,
  Int64Buffer,
} from '../parquet/columnBuffers.ts';
import { momentMicros, plainMicros } from './momentMicros.ts';
import { recordCell, textOf, unfit } from './recordCell.ts';

/** Adds a value that is not null to a buffer of its column's type; false: it is none, and nothing was added. */
export type AddCell = (buffer: ColumnBuffer, value: Json) => boolean;

/**
 * How values of records become those of a column: exactly what `recordCell` says of them, which is only asked where a
 * value is not what most are.
 */
export function addCellOf(type: ColumnType): AddCell {
  switch (type) {
    case 'string':
      return addString;
    case 'boolean':
      return addBoolean;
    case 'int':
      return addInt;
    case 'long':
      return addLong;
    case 'double':
      return addDouble;
    case 'float':
      return addFloat;
    case 'date':
      return addDate;
    case 'timestamp':
      return addTimestamp;
    case 'timestamptz':
      return addTimestamptz;
    case 'binary':
      return addBinary;
    default:
      return decimalAdder(type);
  }
}

/** The text of a value that fits its column; null for one that does not. */
function fitting(value: Json, type: ColumnType): string | null {
  const text = recordCell(value, type);
  return text === unfit ? null : text;
}

const addString: AddCell = (buffer, value) => {
  (buffer as BytesBuffer).addText(typeof value === 'string' ? value : textOf(value));
  return true;
};

const addBoolean: AddCell = (buffer, value) => {
  const text = typeof value === 'boolean' ? null : fitting(value, 'boolean');
  if (text === null && typeof value !== 'boolean') return false;
  (buffer as BooleanBuffer).add(value === true || text === 'true' ? 1 : 0);
  return true;
};

const addInt: AddCell = (buffer, value) => {
  if (typeof value === 'number' && value === (value | 0)) {
    (buffer as Int32Buffer).add(value);
    return true;
  }
  const text = fitting(value, 'int');
  if (text === null) return false;
  (buffer as Int32Buffer).add(Number(text));
  return true;
};

const addLong: AddCell = (buffer, value) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    (buffer as Int64Buffer).addNumber(value);
    return true;
  }
  const text = fitting(value, 'long');
  if (text === null) return false;
  addWords(buffer as Int64Buffer, BigInt(text));
  return true;
};

const addWords = (buffer: Int64Buffer, value: bigint): void =>
  buffer.add(Number(value >> 32n), Number(BigInt.asIntN(32, value)));

const addDouble: AddCell = (buffer, value) => {
  const number = typeof value === 'number' ? value : floatingOf(value, 'double');
  if (number === null) return false;
  // Texts know no -0.
  (buffer as DoubleBuffer).add(typeof value === 'number' ? number + 0 : number);
  return true;
};

const addFloat: AddCell = (buffer, value) => {
  const number = typeof value === 'number' ? value + 0 : floatingOf(value, 'float');
  if (number === null) return false;
  // Rounded from the double that its text is, and not from the text; beyond a float's largest value lies none.
  if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) return false;
  (buffer as FloatBuffer).add(number);
  return true;
};

function floatingOf(value: Json, type: 'double' | 'float'): number | null {
  const text = fitting(value, type);
  if (text === null) return null;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

const addDate: AddCell = (buffer, value) => {
  const text = fitting(value, 'date');
  if (text === null) return false;
  (buffer as Int32Buffer).add(Number(momentMicros(text) / 86_400_000_000n));
  return true;
};

const addTimestamp: AddCell = (buffer, value) => {
  const text = fitting(value, 'timestamp');
  if (text === null) return false;
  addWords(buffer as Int64Buffer, momentMicros(text));
  return true;
};

const addTimestamptz: AddCell = (buffer, value) => {
  const micros = typeof value === 'string' ? plainMicros(value) : Number.NaN;
  if (!Number.isNaN(micros)) {
    (buffer as Int64Buffer).addNumber(micros);
    return true;
  }
  const text = fitting(value, 'timestamptz');
  if (text === null) return false;
  addWords(buffer as Int64Buffer, momentMicros(text));
  return true;
};

const addBinary: AddCell = (buffer, value) => {
  const text = fitting(value, 'binary');
  if (text === null) return false;
  const bytes = Buffer.from(text.slice(2), 'hex');
  (buffer as BytesBuffer).add(bytes, 0, bytes.length);
  return true;
};

/** Decimals are stored without their point, in 4, 8 or 16 bytes. */
function decimalAdder(type: ColumnType): AddCell {
  const scale = decimalOf(type)?.scale ?? 0;
  return (buffer, value) => {
    const text = fitting(value, type);
    if (text === null) return false;
    const [whole = '', fraction = ''] = text.split('.');
    const digits = whole + fraction.padEnd(scale, '0');
    if (buffer.kind === 'int32') buffer.add(Number(digits));
    else if (buffer.kind === 'int64' && digits.length <= 15) buffer.addNumber(Number(digits));
    else if (buffer.kind === 'int64') addWords(buffer, BigInt(digits));
    else addFixed(buffer as FixedBuffer, BigInt(digits));
    return true;
  };
}

function addFixed(buffer: FixedBuffer, value: bigint): void {
  const word = (shift: bigint): number => Number(BigInt.asIntN(32, value >> shift));
  buffer.add(word(96n), word(64n), word(32n), word(0n));
}

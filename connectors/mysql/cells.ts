import type { FieldPacket } from 'mysql2';
import type { RowBuffer } from '../../shared/connectors/sql/rowBuffer.ts';
import type { SqlRow } from '../../shared/connectors/sql/sqlDialect.ts';

/** A row as the driver gives it with `typeCast: false` and `rowsAsArray`: the bytes on the wire. */
export type RawRow = readonly (Buffer | null)[];

/**
 * How the bytes of a result's column become a `copyCsv` cell. `plain`: numbers, dates and times, which never need
 * quotes. `text`: UTF-8. `instant`: a time in the session's zone, UTC. `binary`: bytes that are no text.
 */
export type CellKind = 'plain' | 'text' | 'instant' | 'binary';

/** Column types of the protocol (MySQL, `enum_field_types`). */
const protocol = {
  timestamp: 7,
  varchar: 15,
  bit: 16,
  vector: 242,
  json: 245,
  decimal: 246,
} as const;
const firstOfStringTypes = 247;
const binaryCharacterSet = 63;
/** Flags of columns that are text whatever character set they claim. */
const enumOrSet = 256 | 2048;

/** Kinds of a result's columns. */
export const cellKinds = (fields: readonly FieldPacket[]): readonly CellKind[] =>
  fields.map(({ columnType = 0, characterSet, flags }) => {
    if (columnType === protocol.timestamp) return 'instant';
    if (columnType === protocol.bit || columnType === protocol.vector) return 'binary';
    if (columnType === protocol.json) return 'text';
    if (columnType !== protocol.varchar && columnType < firstOfStringTypes) return 'plain';
    return characterSet === binaryCharacterSet && (Number(flags) & enumOrSet) === 0
      ? 'binary'
      : 'text';
  });

const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;
const plus = 0x2b;
const hexDigits = Buffer.from('0123456789abcdef');

/** Values up to this length are copied faster byte by byte than by a call. */
const shortBytes = 48;

/** Writes one row, byte for byte: text is never decoded. */
export function writeRow(buffer: RowBuffer, row: RawRow, kinds: readonly CellKind[]): void {
  let most = 1;
  for (const cell of row) most += (cell === null ? 0 : 2 * cell.length) + 4;
  buffer.reserve(most);
  const { bytes } = buffer;
  let at = buffer.end;
  for (let index = 0; index < row.length; index++) {
    if (index > 0) bytes[at++] = comma;
    const cell = row[index] ?? null;
    if (cell === null) {
      bytes[at++] = backslash;
      bytes[at++] = 0x4e;
      continue;
    }
    const kind = kinds[index];
    if (kind === 'plain' || kind === 'instant') {
      at = copy(cell, bytes, at);
      if (kind === 'instant' && !isZeroDate(cell)) {
        bytes[at++] = plus;
        bytes[at++] = zero;
        bytes[at++] = zero;
      }
    } else if (kind === 'binary') {
      bytes[at++] = backslash;
      bytes[at++] = 0x78;
      for (const byte of cell) {
        bytes[at++] = hexDigits[byte >> 4] ?? 0;
        bytes[at++] = hexDigits[byte & 15] ?? 0;
      }
    } else {
      // Always quoted: an empty line is no record to some readers, and \N would be NULL.
      bytes[at++] = quote;
      if (cell.length > shortBytes && cell.indexOf(quote) === -1) at += cell.copy(bytes, at);
      else
        for (const byte of cell) {
          if (byte === quote) bytes[at++] = quote;
          bytes[at++] = byte;
        }
      bytes[at++] = quote;
    }
  }
  bytes[at++] = 0x0a;
  buffer.end = at;
  buffer.endRow();
}

/** The values of a row as `writeRow` would write them, without quotes. */
export const textsOf = (row: RawRow, kinds: readonly CellKind[]): SqlRow =>
  row.map((cell, index) => {
    if (cell === null) return null;
    const kind = kinds[index];
    if (kind === 'binary') return `\\x${cell.toString('hex')}`;
    return `${cell.toString()}${kind === 'instant' && !isZeroDate(cell) ? '+00' : ''}`;
  });

/** `0000-00-00 00:00:00` is no instant: it goes to `_unfit` as the server prints it. */
const isZeroDate = (cell: Buffer): boolean => cell.length > 3 && cell.indexOf('0000') === 0;

function copy(from: Buffer, to: Buffer, at: number): number {
  if (from.length > shortBytes) return at + from.copy(to, at);
  for (const byte of from) to[at++] = byte;
  return at;
}

import { duckdbType } from '../../../shared/lake/duckdbTypes.ts';
import type { ColumnType } from '../../../shared/lake/schema.ts';
import { daysOfDate, decimalOf, microsOfTimestamp } from '../../../shared/lake/singleValue.ts';
import type { ColumnBuffer } from '../../../shared/parquet/columnBuffers.ts';

/** Adds a value, or a NULL, given as the text that DuckDB casts to the column's type (binary: hexadecimal). */
export function fillColumn(
  buffer: ColumnBuffer,
  type: ColumnType,
  texts: readonly (string | null)[],
): void {
  for (const [row, text] of texts.entries())
    if (text === null) buffer.nulls.add(row);
    else addValue(buffer, type, text);
}

function addValue(buffer: ColumnBuffer, type: ColumnType, text: string): void {
  switch (buffer.kind) {
    case 'boolean':
      buffer.add(text === 'true' ? 1 : 0);
      return;
    case 'int32':
      buffer.add(type === 'date' ? daysOfDate(text)! : Number(unscaled(type, text)));
      return;
    case 'int64': {
      const value = type.startsWith('timestamp') ? microsOfTimestamp(text)! : unscaled(type, text);
      buffer.add(Number(value >> 32n), Number(BigInt.asIntN(32, value)));
      return;
    }
    case 'float':
    case 'double':
      buffer.add(text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text));
      return;
    case 'fixed': {
      const value = unscaled(type, text);
      const word = (shift: bigint): number => Number(BigInt.asIntN(32, value >> shift));
      buffer.add(word(96n), word(64n), word(32n), word(0n));
      return;
    }
    case 'bytes': {
      const bytes = type === 'binary' ? Buffer.from(text, 'hex') : Buffer.from(text);
      buffer.add(bytes, 0, bytes.length);
    }
  }
}

function unscaled(type: ColumnType, text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimalOf(type)?.scale ?? 0, '0'));
}

/** SQL that makes the same value of a text in the VARCHAR column `name`. */
export const castOf = (name: string, type: ColumnType): string =>
  type === 'binary' ? `unhex(${name})` : `CAST(${name} AS ${duckdbType(type)})`;

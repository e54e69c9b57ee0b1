import type { SqlColumn } from '../../shared/connectors/sql/sqlDialect.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

/** A column as INFORMATION_SCHEMA has it. */
export interface CatalogueType {
  readonly name: string;
  readonly precision: number | null;
  readonly scale: number | null;
}

const plain: Readonly<Record<string, ColumnType>> = {
  FLOAT: 'double',
  BOOLEAN: 'boolean',
  DATE: 'date',
  BINARY: 'binary',
  TIMESTAMP_NTZ: 'timestamp',
  TIMESTAMP_LTZ: 'timestamptz',
  TIMESTAMP_TZ: 'timestamptz',
};

/** What a column becomes. Times, semi-structured values, places and vectors are text. */
export function describeType({
  name,
  precision,
  scale,
}: CatalogueType): Pick<SqlColumn, 'type' | 'nativeType' | 'cursor'> {
  if (name === 'NUMBER') {
    const [digits, fraction] = [precision ?? 38, scale ?? 0];
    return {
      type: numberType(digits, fraction),
      nativeType: `NUMBER(${digits}, ${fraction})`,
      cursor: fraction === 0 ? 'number' : null,
    };
  }
  const type = plain[name] ?? 'string';
  const cursor = name === 'DATE' ? 'day' : name.startsWith('TIMESTAMP_') ? 'time' : null;
  return { type, nativeType: name, cursor };
}

const numberType = (digits: number, fraction: number): ColumnType => {
  if (fraction > 0 || digits > 18) return `decimal(${digits}, ${fraction})`;
  return digits > 9 ? 'long' : 'int';
};

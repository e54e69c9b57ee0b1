import type { SqlColumn } from '../../shared/connectors/sql/sqlDialect.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

/** A column as BigQuery's API describes it. */
export interface BigqueryField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly BigqueryField[];
  readonly precision?: string;
  readonly scale?: string;
}

/** The API's own names, and those of the language. */
const names: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};
export const typeName = (type: string): string => names[type] ?? type;

const plain: Readonly<Record<string, ColumnType>> = {
  INT64: 'long',
  FLOAT64: 'double',
  BOOL: 'boolean',
  BYTES: 'binary',
  DATE: 'date',
  DATETIME: 'timestamp',
  TIMESTAMP: 'timestamptz',
};
const cursors: Readonly<Record<string, SqlColumn['cursor']>> = {
  INT64: 'number',
  DATE: 'day',
  DATETIME: 'time',
  TIMESTAMP: 'time',
};

/**
 * A column as Headgate reads it. Lists and structures are JSON text, and so are values of types that tables have no
 * place for, such as BIGNUMERIC beyond 38 digits, as BigQuery writes them.
 */
export function columnOf(field: BigqueryField): SqlColumn {
  const repeated = field.mode === 'REPEATED';
  const name = typeName(field.type);
  return {
    name: field.name,
    nativeType: nativeType(field),
    nullable: field.mode !== 'REQUIRED',
    type: repeated ? 'string' : (decimalOf(name, field) ?? plain[name] ?? 'string'),
    cursor: repeated ? null : (cursors[name] ?? null),
  };
}

function decimalOf(name: string, { precision, scale = '0' }: BigqueryField): ColumnType | null {
  if (name !== 'NUMERIC' && name !== 'BIGNUMERIC') return null;
  if (precision === undefined) return name === 'NUMERIC' ? 'decimal(38, 9)' : null;
  const [digits, fraction] = [Number(precision), Number(scale)];
  return digits <= 38 ? `decimal(${digits}, ${fraction})` : null;
}

function nativeType(field: BigqueryField): string {
  const name = typeName(field.type);
  const digits = [field.precision, field.scale].filter((part) => part !== undefined);
  const inner =
    name === 'STRUCT'
      ? `STRUCT<${(field.fields ?? []).map((each) => `${each.name} ${nativeType(each)}`).join(', ')}>`
      : digits.length > 0
        ? `${name}(${digits.join(', ')})`
        : name;
  return field.mode === 'REPEATED' ? `ARRAY<${inner}>` : inner;
}

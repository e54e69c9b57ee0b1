import type { ColumnType } from '../../shared/lake/schema.ts';

/**
 * How a value lies in a row of COPY … (FORMAT binary): as its type's send function in PostgreSQL's sources writes it.
 * `bytes`: what is stored as it comes, texts and bytea.
 */
export type TupleKind =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'oid'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'jsonb'
  | 'bytea'
  | 'bytes';

/** Those whose bytes are the text that is printed. `json` is sent as it was written. */
const texts: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name', 'json']);
const kinds: ReadonlySet<string> = new Set<TupleKind>([
  ...(['bool', 'int2', 'int4', 'int8', 'oid', 'float4', 'float8'] as const),
  ...(['date', 'timestamp', 'timestamptz', 'uuid', 'jsonb', 'bytea'] as const),
]);

export interface DecodedColumn {
  readonly kind: TupleKind;
  /** What is selected. */
  readonly expression: string;
}

/**
 * How a column is selected so that its values can be decoded. `name`: of a built-in type; null for others. `plain`: what
 * is selected for text, and `isText` whether that is sent as it is printed (json made of arrays, labels of enums). What
 * has no kind of its own is selected as text by its output function, which a cast is not always (inet, char(n)).
 */
export function decodedColumn(
  name: string | null,
  type: ColumnType,
  plain: string,
  isText: boolean,
): DecodedColumn {
  if (isText || (name !== null && texts.has(name))) return { kind: 'bytes', expression: plain };
  if (name === 'numeric' && type.startsWith('decimal'))
    return { kind: 'numeric', expression: plain };
  if (name !== null && kinds.has(name)) return { kind: name as TupleKind, expression: plain };
  // Of a composite value, IS NOT NULL would ask for each of its fields; concat alone makes '' of NULL.
  return {
    kind: 'bytes',
    expression: `case when num_nonnulls(${plain}) = 1 then concat(${plain}) end`,
  };
}

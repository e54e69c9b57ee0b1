import * as z from 'zod';

/**
 * The Iceberg v2 primitive types Headgate writes, spelled as in table metadata.
 * uuid, enum, inet and the like are `string`; nested values are JSON text in a `string`.
 */
export const columnType = z.union([
  z.enum([
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'timestamp',
    'timestamptz',
    'string',
    'binary',
  ]),
  z.templateLiteral(['decimal(', z.int().min(1).max(38), ', ', z.int().min(0).max(38), ')']),
]);
export type ColumnType = z.infer<typeof columnType>;

/** A column as a source or a file has it, before it has a place in the table. */
export interface Column {
  /** The source's own spelling. */
  readonly name: string;
  readonly type: ColumnType;
  /** The source's own type, for people: `numeric(12,2)`, `timestamp with time zone`. */
  readonly nativeType?: string;
}

/** A column of a table. Ids never change and are never used again. All columns are optional (nullable). */
export const field = z.strictObject({
  id: z.int().positive(),
  /** Lower case `[a-z0-9_]`, unique in the table. */
  name: z.string().regex(/^[a-z0-9_]+$/),
  type: columnType,
  /** The source's own spelling where it differs from `name`. */
  doc: z.string().optional(),
});
export type Field = z.infer<typeof field>;

/** System columns come last, in this order. `_deleted` only where a source has tombstones, `_source_file` only for files. */
export const systemColumns = {
  _run_id: 'string',
  _ingested_at: 'timestamptz',
  _source_file: 'string',
  _deleted: 'boolean',
  _unfit: 'string',
} as const satisfies Record<string, ColumnType>;
export type SystemColumn = keyof typeof systemColumns;

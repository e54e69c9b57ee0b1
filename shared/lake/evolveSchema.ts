import { HeadgateError } from '../errors.ts';
import { fieldsOf, type IcebergSchema, toIcebergSchema } from './icebergSchema.ts';
import type { Field } from './schema.ts';
import { schemaWithId, type TableMetadata } from './tableMetadata.ts';
import { canWiden } from './typeChange.ts';

export interface SchemaEvolution {
  readonly schema: IcebergSchema;
  /** All schemas of the table, the new one among them. */
  readonly schemas: readonly IcebergSchema[];
  readonly lastColumnId: number;
  /** Ids the current schema has and the new one has not: their values become invisible. */
  readonly dropped: ReadonlySet<number>;
}

/**
 * The table's schemas once `fields` is its schema. A schema that is among the old ones keeps its id. `revertTo` is
 * the schema of the data where the table goes back to older data: types are compared with that one then, so that
 * they may become narrow again, and columns that came since may go.
 * Throws `internal_error` when a name or id is used twice, a type changes in a way v2 does not allow in place,
 * or a new column takes an id that was used before.
 */
export function evolveSchema(
  base: TableMetadata | null,
  fields: readonly Field[],
  revertTo?: readonly Field[],
): SchemaEvolution {
  refuseDuplicates(fields);
  const lastColumnId = Math.max(base?.['last-column-id'] ?? 0, ...fields.map(({ id }) => id));
  if (base === null) {
    const schema = toIcebergSchema(0, fields);
    return { schema, schemas: [schema], lastColumnId, dropped: new Set() };
  }
  const current = new Map(
    (revertTo ?? fieldsOf(schemaWithId(base))).map((field) => [field.id, field]),
  );
  const known = new Map(
    base.schemas.flatMap((schema) => fieldsOf(schema).map((field) => [field.id, field] as const)),
  );
  for (const field of fields) {
    const before =
      current.get(field.id) ?? (revertTo === undefined ? known.get(field.id) : undefined);
    if (before === undefined && field.id <= base['last-column-id'] && revertTo === undefined)
      throw refused(`column ${field.name} takes the id ${field.id}, which was used before`);
    if (before !== undefined && before.type !== field.type && !canWiden(before.type, field.type))
      throw refused(`column ${field.name} cannot change from ${before.type} to ${field.type}`);
  }
  const ids = new Set(fields.map(({ id }) => id));
  const dropped = new Set([...current.keys()].filter((id) => !ids.has(id)));
  const wanted = JSON.stringify(toIcebergSchema(0, fields).fields);
  const same = base.schemas.find(
    (schema) => JSON.stringify(toIcebergSchema(0, fieldsOf(schema)).fields) === wanted,
  );
  if (same !== undefined) return { schema: same, schemas: base.schemas, lastColumnId, dropped };
  const nextId = Math.max(...base.schemas.map((schema) => schema['schema-id'])) + 1;
  const schema = toIcebergSchema(nextId, fields);
  return { schema, schemas: [...base.schemas, schema], lastColumnId, dropped };
}

function refuseDuplicates(fields: readonly Field[]): void {
  const names = new Set(fields.map(({ name }) => name));
  const ids = new Set(fields.map(({ id }) => id));
  if (names.size !== fields.length || ids.size !== fields.length)
    throw refused('a schema names a column or an id twice');
}

const refused = (reason: string): HeadgateError =>
  new HeadgateError('internal_error', `The table's schema was refused: ${reason}`);

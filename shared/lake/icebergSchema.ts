import * as z from 'zod';
import { columnType, type Field } from './schema.ts';

/** A schema as it stands in table metadata, manifests and the `iceberg.schema` key of Parquet files. */
export const icebergSchema = z.looseObject({
  type: z.literal('struct'),
  'schema-id': z.int(),
  fields: z.array(
    z.object({
      id: z.int().positive(),
      name: z.string(),
      required: z.boolean(),
      type: columnType,
      doc: z.string().optional(),
    }),
  ),
});
export type IcebergSchema = z.infer<typeof icebergSchema>;

export const toIcebergSchema = (schemaId: number, fields: readonly Field[]): IcebergSchema => ({
  type: 'struct',
  'schema-id': schemaId,
  fields: fields.map(({ id, name, type, doc }) => ({
    id,
    name,
    required: false,
    type,
    ...(doc === undefined ? {} : { doc }),
  })),
});

export const fieldsOf = (schema: IcebergSchema): readonly Field[] =>
  schema.fields.map(({ id, name, type, doc }) => ({
    id,
    name,
    type,
    ...(doc === undefined ? {} : { doc }),
  }));

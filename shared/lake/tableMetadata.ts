import * as z from 'zod';
import { HeadgateError } from '../errors.ts';
import { type IcebergSchema, icebergSchema } from './icebergSchema.ts';
import type { ObjectStore } from './tableChange.ts';

/**
 * int64. Headgate's own ids stay below 2^53; a larger one, written by somebody else, is kept as a bigint so that
 * reading and writing never rounds it.
 */
const int64 = z.union([z.int(), z.bigint()]);

export const snapshot = z.looseObject({
  'snapshot-id': int64,
  'parent-snapshot-id': int64.optional(),
  'sequence-number': z.int(),
  'timestamp-ms': z.int(),
  'manifest-list': z.string(),
  summary: z.record(z.string(), z.string()),
  'schema-id': z.int().optional(),
});
export type Snapshot = z.infer<typeof snapshot>;

/** Iceberg table metadata, format version 2 ("Table Metadata Fields"). Unknown members are kept. */
export const tableMetadata = z.looseObject({
  'format-version': z.literal(2),
  'table-uuid': z.string(),
  location: z.string(),
  'last-sequence-number': z.int(),
  'last-updated-ms': z.int(),
  'last-column-id': z.int(),
  'current-schema-id': z.int(),
  schemas: z.array(icebergSchema),
  properties: z.record(z.string(), z.string()),
  /** -1: no snapshot yet, as Java writes it. */
  'current-snapshot-id': int64,
  refs: z.record(z.string(), z.looseObject({ 'snapshot-id': int64, type: z.string() })),
  snapshots: z.array(snapshot),
  'snapshot-log': z.array(z.object({ 'timestamp-ms': z.int(), 'snapshot-id': int64 })),
  'metadata-log': z.array(z.object({ 'timestamp-ms': z.int(), 'metadata-file': z.string() })),
});
export type TableMetadata = z.infer<typeof tableMetadata>;

// ECMA-262, "JSON.parse source text access" (Node 21 and later); not yet in TypeScript's es2024 library.
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseJson = JSON.parse as (text: string, reviver: Reviver) => unknown;
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** Parses `*.metadata.json`; integers beyond 2^53 become bigints instead of being rounded. */
export const parseTableMetadata = (text: string): TableMetadata =>
  tableMetadata.parse(
    parseJson(text, (_key, value, { source = '' }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
        ? BigInt(source)
        : value,
    ),
  );

/** The reverse of `parseTableMetadata`, digit for digit. */
export const printTableMetadata = (metadata: TableMetadata): string =>
  JSON.stringify(metadata, (_key, value: unknown) =>
    typeof value === 'bigint' ? rawJson(value.toString()) : value,
  );

/** Reads a table's metadata. Throws `internal_error` when it is not Iceberg v2 metadata. */
export async function readTableMetadata(
  store: ObjectStore,
  metadataKey: string,
  signal: AbortSignal,
): Promise<TableMetadata> {
  const text = Buffer.from(await store.get(metadataKey, signal)).toString();
  try {
    return parseTableMetadata(text);
  } catch (cause) {
    throw new HeadgateError('internal_error', `${metadataKey} is no Iceberg v2 metadata`, {
      cause,
    });
  }
}

/** The current snapshot, or null for a table without one. */
export const currentSnapshot = (metadata: TableMetadata): Snapshot | null =>
  findSnapshot(metadata, String(metadata['current-snapshot-id']));

/** A snapshot by its id in decimal. */
export const findSnapshot = (metadata: TableMetadata, id: string): Snapshot | null =>
  metadata.snapshots.find((candidate) => String(candidate['snapshot-id']) === id) ?? null;

/** The schema with this id; the current one when `schemaId` is undefined. */
export function schemaWithId(metadata: TableMetadata, schemaId?: number): IcebergSchema {
  const wanted = schemaId ?? metadata['current-schema-id'];
  const found = metadata.schemas.find((schema) => schema['schema-id'] === wanted);
  if (found === undefined)
    throw new HeadgateError('internal_error', `table metadata lacks its schema ${wanted}`);
  return found;
}

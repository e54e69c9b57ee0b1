import type { DataFile } from './dataFile.ts';
import { fieldsOf } from './icebergSchema.ts';
import { schemaWithId, type TableMetadata } from './tableMetadata.ts';

/** The id of `_source_file` in the current schema, or null for a table without it, which holds no rows of uploads. */
export const sourceFileIdOf = (metadata: TableMetadata): number | null =>
  fieldsOf(schemaWithId(metadata)).find(({ name }) => name === '_source_file')?.id ?? null;

/** The upload all rows of a data file came from, or null where they came from none. */
export function sourceFileOf(
  metadata: TableMetadata,
  { lowerBounds, upperBounds }: Pick<DataFile, 'lowerBounds' | 'upperBounds'>,
): string | null {
  const id = sourceFileIdOf(metadata);
  const name = id === null ? undefined : lowerBounds[id];
  if (id === null || name === undefined || name !== upperBounds[id]) return null;
  return Buffer.from(name, 'base64').toString();
}

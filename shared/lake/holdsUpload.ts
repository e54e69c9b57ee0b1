import type { DataFile } from './dataFile.ts';
import type { Field } from './schema.ts';

/**
 * Tells the data files whose rows all came from one of these uploads. A file holds rows of one upload only, so the
 * bounds of `_source_file`, which are never cut, are its name.
 */
export function holdsUpload(
  schema: readonly Field[],
  names: readonly string[],
): (file: Pick<DataFile, 'lowerBounds' | 'upperBounds'>) => boolean {
  const id = schema.find(({ name }) => name === '_source_file')?.id;
  if (id === undefined || names.length === 0) return () => false;
  const wanted = new Set(names.map((name) => Buffer.from(name).toString('base64')));
  return ({ lowerBounds, upperBounds }) => {
    const lower = lowerBounds[id];
    return lower !== undefined && lower === upperBounds[id] && wanted.has(lower);
  };
}

import { HeadgateError } from '../errors.ts';
import type { AvroDataFile } from './avroDataFile.ts';
import type { Removes } from './tableChange.ts';

/** Decides file by file what a change removes. */
export interface Removal {
  matches(file: AvroDataFile): boolean;
  /** Throws `internal_error` when something that had to go was not there. Called once all files were seen. */
  finish(): void;
}

/**
 * `sourceFileId` is the id of `_source_file`, or null for a table without it, which holds no rows of uploads.
 * `matches` throws `internal_error` when a file may hold rows of an upload that goes next to rows that stay.
 */
export function removalOf(removes: Removes, sourceFileId: number | null): Removal {
  switch (removes.kind) {
    case 'nothing':
      return { matches: () => false, finish: () => undefined };
    case 'everything':
      return { matches: () => true, finish: () => undefined };
    case 'files': {
      const missing = new Set(removes.paths);
      return {
        matches: ({ file_path }) => missing.delete(file_path),
        finish: () => {
          const [path] = missing;
          if (path !== undefined)
            throw new HeadgateError('internal_error', `${path} is no live file of the table`);
        },
      };
    }
    case 'sourceFiles': {
      const names = removes.names.map((name) => Buffer.from(name));
      const wanted = new Set(removes.names);
      return {
        matches: (file) => sourceFileId !== null && holdsOnly(file, sourceFileId, wanted, names),
        finish: () => undefined,
      };
    }
  }
}

function holdsOnly(
  file: AvroDataFile,
  id: number,
  wanted: ReadonlySet<string>,
  names: readonly Buffer[],
): boolean {
  const values = pairOf(file.value_counts, id);
  if (values === undefined || values === pairOf(file.null_value_counts, id)) return false;
  const lower = pairOf(file.lower_bounds, id);
  const upper = pairOf(file.upper_bounds, id);
  if (lower !== undefined && upper !== undefined && Buffer.compare(lower, upper) === 0)
    return wanted.has(lower.toString());
  const mixed = names.some(
    (name) =>
      (lower === undefined || Buffer.compare(lower, name) <= 0) &&
      (upper === undefined || Buffer.compare(name, upper) <= 0),
  );
  if (mixed)
    throw new HeadgateError(
      'internal_error',
      `${file.file_path} may hold rows of several uploads, so one of them cannot be removed`,
    );
  return false;
}

const pairOf = <Value>(
  pairs: readonly { readonly key: number; readonly value: Value }[] | null,
  id: number,
): Value | undefined => pairs?.find(({ key }) => key === id)?.value;

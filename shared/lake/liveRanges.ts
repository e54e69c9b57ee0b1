import { HeadgateError } from '../errors.ts';
import type { LiveFile } from './liveFile.ts';
import { keyOf } from './objectPath.ts';
import { positionDeleteIds } from './positionDeleteFile.ts';
import { type RowRange, readParquetRows } from './readParquetRows.ts';
import type { ObjectStore } from './tableChange.ts';

/**
 * Where the first `most` live rows of a data file lie: ascending, at most `most` ranges. Reads the file's deletes
 * only as far as they matter, one row group at a time. Throws `internal_error` when positions are not ascending or
 * lie behind the data file's end.
 */
export async function liveRanges(
  store: ObjectStore,
  { file, deletes }: LiveFile,
  most: number,
  signal: AbortSignal,
): Promise<readonly RowRange[]> {
  const ranges: RowRange[] = [];
  let left = most;
  let next = 0;
  const take = (to: number): void => {
    const end = Math.min(to, next + left);
    if (end <= next) return;
    ranges.push({ from: next, to: end });
    left -= end - next;
  };
  for await (const positions of deletes === null ? [] : positionsOf(store, deletes, signal))
    for (const position of positions) {
      if (position < next || position >= file.rows)
        throw new HeadgateError(
          'internal_error',
          `${deletes?.path} names position ${position} of ${file.path} out of turn`,
        );
      take(position);
      if (left === 0) return ranges;
      next = position + 1;
    }
  take(file.rows);
  return ranges;
}

async function* positionsOf(
  store: ObjectStore,
  { path, bytes, rows }: NonNullable<LiveFile['deletes']>,
  signal: AbortSignal,
): AsyncGenerator<readonly number[]> {
  const { pos } = positionDeleteIds;
  const groups = readParquetRows({
    store,
    key: keyOf(store.bucket, path),
    bytes,
    fieldIds: [pos],
    ranges: [{ from: 0, to: rows }],
    convert: (_, value) => Number(value),
    signal,
  });
  for await (const { columns } of groups) {
    const positions = columns.get(pos);
    if (positions === undefined)
      throw new HeadgateError('internal_error', `${path} has no column of positions`);
    yield positions;
  }
}

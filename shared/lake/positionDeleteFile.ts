import { copyOptions } from './copyOptions.ts';
import type { DataFile } from './dataFile.ts';
import { dataFileFromStats } from './dataFileFromStats.ts';
import type { Field } from './schema.ts';

/** Reserved ids of Iceberg v2 ("Reserved Field IDs"). */
export const positionDeleteIds = { filePath: 2_147_483_546, pos: 2_147_483_545 } as const;

/** The columns of every position-delete file ("Position Delete Files"), in their order. */
export const positionDeleteFields: readonly Field[] = [
  { id: positionDeleteIds.filePath, name: 'file_path', type: 'string' },
  { id: positionDeleteIds.pos, name: 'pos', type: 'long' },
];

/**
 * The DuckDB statement that writes the position-delete file of one data file. `positions` is a query of one column
 * `pos`: the places (from 0) of all deleted rows of the data file, those deleted earlier among them, each once, in
 * any order. The statement answers the row that `positionDeleteFile` takes.
 */
export const copyPositionDeletes = (
  deletesFrom: string,
  positions: string,
  localPath: string,
): string =>
  `COPY (SELECT ${text(deletesFrom)}::VARCHAR AS file_path, pos::BIGINT AS pos FROM (${positions}) ORDER BY pos)
   TO ${text(localPath)} (${copyOptions(positionDeleteFields)})`;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export interface PositionDeleteFile {
  /** `s3://bucket/key` where the file will lie. */
  readonly path: string;
  /** Path of the data file whose rows it deletes. */
  readonly deletesFrom: string;
  /** The row of RETURN_STATS, unchecked. */
  readonly stats: unknown;
}

/**
 * What a manifest entry needs to know about a position-delete file that `copyPositionDeletes` wrote. Both bounds of
 * its paths are the whole path, so that readers apply it to that one data file. Throws TypeError when the file names
 * another one, a row before the first, or no row at all.
 */
export function positionDeleteFile({ path, deletesFrom, stats }: PositionDeleteFile): DataFile {
  const { filePath, pos } = positionDeleteIds;
  const file = dataFileFromStats({
    path,
    // The one column that is kept with whole bounds, and checked to hold one value.
    fields: positionDeleteFields,
    wholeValue: { name: 'file_path', value: deletesFrom },
    stats,
  });
  const first = file.lowerBounds[pos];
  if (file.rows === 0 || file.nullCounts[pos] !== 0 || file.nullCounts[filePath] !== 0)
    throw new TypeError(`${path}: a position-delete file names at least one row, and none is null`);
  if (first === undefined || Buffer.from(first, 'base64').readBigInt64LE() < 0n)
    throw new TypeError(`${path}: positions begin at 0`);
  return { ...file, content: 'position_deletes', deletesFrom };
}

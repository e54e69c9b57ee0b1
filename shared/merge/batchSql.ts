import { duckdbType } from '../lake/duckdbTypes.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import { positionDeleteFields } from '../lake/positionDeleteFile.ts';
import type { Field } from '../lake/schema.ts';
import { columnOf, parquetRows } from './parquetRows.ts';
import type { SparseCopy } from './sparseCopy.ts';

/** A file of the lake and what is here of it. */
export interface Located {
  readonly live: LiveFile;
  readonly copy: SparseCopy;
}

/** The number is what tables of the merge know the file by. */
export type NumberedCopy = Located & { readonly number: number };

export interface NumberedFile {
  readonly number: number;
  readonly live: LiveFile;
  /** Local copy of the positions that were deleted before. */
  readonly deletes: SparseCopy | null;
}

/** `pos` of position-delete files. */
export const posField = positionDeleteFields[1] as Field;

/** Neighbours that one scan can read: whole files of the same columns. Any other file is read by a scan of its own. */
function scansOf(copies: readonly NumberedCopy[]): readonly (readonly NumberedCopy[])[] {
  const scans: NumberedCopy[][] = [];
  const shapeOf = ({ copy }: NumberedCopy): string =>
    copy.isWhole ? copy.fields.map(columnOf).join() : copy.localPath;
  for (const copy of copies) {
    const last = scans.at(-1);
    if (last?.[0] !== undefined && shapeOf(last[0]) === shapeOf(copy)) last.push(copy);
    else scans.push([copy]);
  }
  return scans;
}

/**
 * SQL of a relation (file, pos, columns) of the wanted rows. Columns that were not fetched are null. Files MUST be
 * numbered in a row: DuckDB numbers those of a scan as they are listed.
 */
export function rowsOf(copies: readonly NumberedCopy[], fields: readonly Field[]): string {
  const scans = scansOf(copies).map((group) => {
    const [{ number, copy }] = group as [NumberedCopy];
    const columns = fields.map((field) =>
      copy.fields.includes(field)
        ? `, ${columnOf(field)}`
        : `, NULL::${duckdbType(field.type)} AS ${columnOf(field)}`,
    );
    const paths = group.map((file) => file.copy.localPath);
    const rows = group.reduce((sum, file) => sum + file.copy.wantedRows, 0);
    return `SELECT (${number} + file_index)::INTEGER AS file, file_row_number AS pos${columns.join('')}
      FROM ${parquetRows(paths, copy.fields, rows)} WHERE ${copy.rowsSql ?? 'true'}`;
  });
  return `(${scans.join(' UNION ALL ')})`;
}

/** SQL of the rows of `sql` that were not deleted earlier. */
export function aliveOf(files: readonly NumberedFile[], sql: string): string {
  const scans = files.flatMap(({ number, deletes }) =>
    deletes === null
      ? []
      : `SELECT ${number}::INTEGER AS file, pos FROM ${deletedPositions(deletes)}`,
  );
  return scans.length === 0
    ? `(${sql})`
    : `(SELECT alive.* FROM (${sql}) alive ANTI JOIN (${scans.join(' UNION ALL ')}) gone
        ON alive.file = gone.file AND alive.pos = gone.pos)`;
}

/** SQL of a relation with one column `pos`. */
export const deletedPositions = ({ localPath, wantedRows }: SparseCopy): string =>
  `(SELECT ${columnOf(posField)} AS pos FROM ${parquetRows([localPath], [posField], wantedRows)})`;

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { numberedRows } from '../duckdb/numberedRows.ts';
import { sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { longestRejectText } from '../formats/reject.ts';
import { faultOf } from '../formats/rowAdmission.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import { commonType } from '../lake/typeChange.ts';
import { type GuardedColumn, guardedValue } from './guardedSql.ts';
import { contextOf } from './keptReject.ts';
import type { LoaderState } from './loaderState.ts';
import type { ParquetColumn } from './parquetColumns.ts';
import type { PlannedColumn, PlannedColumns } from './plannedColumns.ts';
import { rejectFields } from './streamLoader.ts';

/** SQL for a column's value as the table stores it; `guarded` where not every value may fit. */
export function parquetValue(
  { mask }: LoaderState,
  columns: readonly ParquetColumn[],
  { field, position, mask: how }: PlannedColumn,
): { readonly expression: string; readonly guarded: GuardedColumn | null } {
  const { name, expression, text, type } = columns[position] as ParquetColumn;
  if (how !== null) return { expression: mask.sql(how, text), guarded: null };
  const holds = commonType(field.type, type, () => false) === field.type;
  if (holds)
    return { expression: `CAST(${expression} AS ${duckdbType(field.type)})`, guarded: null };
  const guarded = { text: `(${text})`, name, type: field.type };
  return { expression: guardedValue(guarded), guarded };
}

/** A condition under which a row is refused, and what to say of it. */
export interface ParquetFault {
  readonly sql: string;
  readonly column: string;
  readonly reason: string;
}

/** What a contract that rejects rows refuses. */
export const faultsOf = (
  columns: readonly ParquetColumn[],
  { unknown }: PlannedColumns,
  guarded: readonly GuardedColumn[],
): readonly ParquetFault[] => [
  ...guarded.map((column) => ({
    sql: `(${column.text} IS NOT NULL AND ${guardedValue(column)} IS NULL)`,
    ...faultOf(column.name, column.type),
  })),
  ...unknown.map(({ position }) => {
    const { expression, name } = columns[position] as ParquetColumn;
    return { sql: `(${expression}) IS NOT NULL`, ...faultOf(name, 'nothing') };
  }),
];

/** Writes the rows of a Parquet file that are refused, as JSON records, masked, with their place in the file. */
export async function rejectParquetRows(
  { db, book, mask, options, rejectPublisher, scratchName }: LoaderState,
  {
    path,
    columns,
    faults,
    sourceFile,
    rowsBefore,
  }: {
    readonly path: string;
    readonly columns: readonly ParquetColumn[];
    readonly faults: readonly ParquetFault[];
    readonly sourceFile: string | null;
    /** Of the whole file, in front of those at `path`. */
    readonly rowsBefore: number;
  },
): Promise<readonly DataFile[]> {
  if (faults.length === 0) return [];
  const taken = columns.filter(({ name }) => book.of(name).isTaken);
  const members = taken.map(({ name, text }) => {
    const { mask: how } = book.of(name);
    const value = how === null ? text : mask.sql(how, text);
    const json = `to_json(${value})::VARCHAR`;
    return `CASE WHEN (${value}) IS NOT NULL THEN ${sqlText(`${JSON.stringify(name)}:`)} || ${json} END`;
  });
  const row = `'{' || concat_ws(',', ${members.join(', ')}) || '}'`;
  const pick = (value: (fault: ParquetFault) => string): string =>
    `CASE ${faults.map((fault) => `WHEN ${fault.sql} THEN ${sqlText(value(fault))}`).join(' ')} END`;
  const types = taken.map(({ name, type }) => [
    name,
    book.of(name).mask === null ? type : 'string',
  ]);
  const context = contextOf(book, Object.fromEntries(types));
  const { from, place } = await numberedRows(db, path);
  const outputs = [
    `left(${row}, ${longestRejectText})`,
    `${place} + ${rowsBefore + 1}`,
    pick(({ column }) => column),
    pick(({ reason }) => reason),
    sqlText(options.runId),
    `TIMESTAMPTZ ${sqlText(options.ingestedAt.toISOString())}`,
    sourceFile === null ? 'NULL' : sqlText(sourceFile),
    `CASE WHEN length(${row}) < ${longestRejectText} THEN 'cells' END`,
    sqlText(context ?? '{}'),
  ].map((sql, index) => {
    const { name, type } = rejectFields[index] as (typeof rejectFields)[0];
    return `CAST(${sql} AS ${duckdbType(type)}) AS ${sqlName(name)}`;
  });
  const target = join(options.workFolder, `${scratchName('rejected')}.parquet`);
  try {
    const [stats] = await db.rows(
      `COPY (SELECT ${outputs.join(', ')} FROM ${from} WHERE ${faults.map(({ sql }) => sql).join(' OR ')}) TO ${sqlText(target)} (${copyOptions(rejectFields)})`,
    );
    if (stats === undefined) throw new Error('COPY answered no statistics');
    const published = await rejectPublisher.publish(
      { localPath: target, fields: rejectFields, rows: Number(stats['count']), stats },
      sourceFile,
    );
    return published === null ? [] : [published];
  } finally {
    await rm(target, { force: true });
  }
}

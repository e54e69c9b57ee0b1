import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { numberedRows } from '../duckdb/numberedRows.ts';
import { type DuckDb, sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import { type GuardedColumn, guardedValue, unfitJson } from './guardedSql.ts';
import type { LoaderState } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import type { Rewrite } from './streamLoader.ts';

/**
 * Writes those files of this loader again that have a column under an id it lost, because a later file changed its
 * type: they take the old ones' places in `adds`, with the values in the column's new type. Values that fit no type
 * a person chose for their column go to `_unfit`. Reads one file at a time.
 */
export async function rewriteAdds(state: LoaderState): Promise<void> {
  for (const [index, file] of state.adds.entries())
    if (isStale(state, file))
      state.adds[index] = (await rewriteFile(state, { file, deletes: null })) ?? file;
}

/** The same for live files, answered with their new form, without their deleted rows. */
export async function rewriteLive(state: LoaderState): Promise<readonly Rewrite[]> {
  const rewrites: Rewrite[] = [];
  if (state.schema.retyped.size === 0) return rewrites;
  for (const live of await state.options.liveFiles())
    if (isStale(state, live.file))
      rewrites.push({ path: live.file.path, file: await rewriteFile(state, live) });
  return rewrites;
}

const isStale = ({ schema }: LoaderState, { valueCounts }: DataFile): boolean =>
  [...schema.retyped.keys()].some((id) => Object.hasOwn(valueCounts, String(id)));

async function rewriteFile(
  state: LoaderState,
  { file, deletes }: LiveFile,
): Promise<DataFile | null> {
  const { db, options, schema, data } = state;
  const scratch = (purpose: string): string =>
    join(options.workFolder, `${state.scratchName(purpose)}.parquet`);
  const [input, deleted, output] = [scratch('live'), scratch('deleted'), scratch('rewritten')];
  options.log.info('rewriting a file because a column changed its type', { path: file.path });
  try {
    await pipeline(options.download(file.path), createWriteStream(input));
    if (deletes !== null)
      await pipeline(options.download(deletes.path), createWriteStream(deleted));
    const columns = await columnsOf(state, input);
    const chosen = new Map(chosenColumns(state, columns).map((column) => [column.id, column]));
    const fields = schema.schema.filter(
      ({ id, name }) => columns.has(id) || (name === '_unfit' && chosen.size > 0),
    );
    const outputs = fields.map(({ id, name, type }) => {
      const source = columns.get(id);
      const column = chosen.get(id);
      const value =
        column !== undefined
          ? guardedValue(column)
          : name === '_unfit' && chosen.size > 0
            ? unfitJson([...chosen.values()], source === undefined ? null : sqlName(source))
            : sqlName(source ?? '');
      return `CAST(${value} AS ${duckdbType(type)}) AS ${sqlName(name)}`;
    });
    const from =
      deletes === null ? `read_parquet(${sqlText(input)})` : await aliveIn(db, input, deleted);
    const [stats] = await db.rows(
      `COPY (SELECT ${outputs.join(', ')} FROM ${from}) TO ${sqlText(output)} (${copyOptions(fields)})`,
    );
    const rows = Number(stats?.['count']);
    const expected = file.rows - (deletes?.rows ?? 0);
    if (stats === undefined || rows !== expected)
      throw notReconciled(file.path, 'a rewrite lost rows', { read: expected, written: rows });
    return await data.publish(
      { localPath: output, fields, rows, stats },
      sourceFileOf(file, schema.schema),
    );
  } finally {
    for (const path of [input, deleted, output]) await rm(path, { force: true });
  }
}

/** The rows of a file without its deleted ones. */
async function aliveIn(db: DuckDb, file: string, deletes: string): Promise<string> {
  const { from, place } = await numberedRows(db, file);
  return `${from} WHERE ${place} NOT IN (SELECT pos FROM read_parquet(${sqlText(deletes)}))`;
}

/** Columns that get a type a person chose: not every value of the old one need fit it. */
function chosenColumns(
  { schema, book }: LoaderState,
  columns: ReadonlyMap<number, string>,
): readonly (GuardedColumn & { readonly id: number })[] {
  const retyped = new Set([...schema.retyped.values()].map(({ id }) => id));
  return schema.schema.flatMap(({ id, name, doc, type }) => {
    const source = columns.get(id);
    if (source === undefined || !retyped.has(id)) return [];
    if (type === 'string' || book.of(doc ?? name).type === null) return [];
    const text = `CAST(${sqlName(source)} AS VARCHAR)`;
    const isWhole = type === 'int' || type === 'long';
    return {
      id,
      name: doc ?? name,
      type,
      // A double that is whole prints as `17.0`.
      text: isWhole ? `regexp_replace(${text}, '^(-?\\d+)\\.0+$', '\\1')` : text,
    };
  });
}

/** The name in the file of each column that the table still has, by the id it has there now. */
async function columnsOf(
  { db, schema }: LoaderState,
  path: string,
): Promise<ReadonlyMap<number, string>> {
  const current = new Set(schema.schema.map(({ id }) => id));
  const columns = new Map<number, string>();
  for (const { name, field_id: id } of await db.rows(
    `SELECT name, field_id FROM parquet_schema(${sqlText(path)}) WHERE field_id IS NOT NULL`,
  )) {
    const target = schema.retyped.get(Number(id))?.id ?? Number(id);
    if (current.has(target)) columns.set(target, String(name));
  }
  return columns;
}

function sourceFileOf({ lowerBounds }: DataFile, schema: readonly Field[]): string | null {
  const field = schema.find(({ name }) => name === '_source_file');
  const bound = field === undefined ? undefined : lowerBounds[field.id];
  return bound === undefined ? null : Buffer.from(bound, 'base64').toString();
}

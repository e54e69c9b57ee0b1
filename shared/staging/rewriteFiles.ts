import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';
import { copyOptions } from '../lake/copyOptions.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import type { LoaderState } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';

/**
 * Writes every file again that has a column under an id it lost, with the values in the column's new type: those
 * this loader wrote before a later file changed the type take the old one's place in `adds`, live files are
 * answered by path and their new form is added. Reads one file at a time.
 */
export async function rewriteFiles(state: LoaderState): Promise<readonly string[]> {
  const { retyped } = state.schema;
  if (retyped.size === 0) return [];
  const isStale = ({ valueCounts }: DataFile): boolean =>
    [...retyped.keys()].some((id) => Object.hasOwn(valueCounts, String(id)));
  for (const [index, file] of state.adds.entries())
    if (isStale(file)) state.adds[index] = await rewriteFile(state, file);
  const rewritten: string[] = [];
  const live = await state.options.liveFiles();
  if (live.some(({ content }) => content === 'position_deletes'))
    throw new HeadgateError(
      'internal_error',
      'A column changes its type while rows of its files are marked as deleted. Compact the table first.',
    );
  for (const file of live.filter(isStale)) {
    state.adds.push(await rewriteFile(state, file));
    rewritten.push(file.path);
  }
  return rewritten;
}

async function rewriteFile(state: LoaderState, file: DataFile): Promise<DataFile> {
  const { db, options, schema, data } = state;
  const input = join(options.workFolder, `${state.scratchName('live')}.parquet`);
  const output = join(options.workFolder, `${state.scratchName('rewritten')}.parquet`);
  options.log.info('rewriting a file because a column changed its type', { path: file.path });
  try {
    await pipeline(options.download(file.path), createWriteStream(input));
    const columns = await columnsOf(state, input);
    const fields = schema.schema.filter(({ id }) => columns.has(id));
    const outputs = fields.map(
      ({ id, name, type }) =>
        `CAST(${sqlName(columns.get(id) ?? '')} AS ${duckdbType(type)}) AS ${sqlName(name)}`,
    );
    const [stats] = await db.rows(
      `COPY (SELECT ${outputs.join(', ')} FROM read_parquet(${sqlText(input)})) TO ${sqlText(output)} (${copyOptions(fields)})`,
    );
    const rows = Number(stats?.['count']);
    if (stats === undefined || rows !== file.rows)
      throw notReconciled(file.path, 'a rewrite lost rows', { read: file.rows, written: rows });
    const published = await data.publish(
      { localPath: output, fields, rows, stats },
      sourceFileOf(file, schema.schema),
    );
    return published ?? file;
  } finally {
    await rm(input, { force: true });
    await rm(output, { force: true });
  }
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

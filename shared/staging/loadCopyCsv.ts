import { canonicalDialect, canonicalNull } from '../formats/canonicalCsv.ts';
import { scanBlocks } from '../formats/csv/scanBlocks.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Column, Field } from '../lake/schema.ts';
import { CopyCsvRows } from './copyCsvRows.ts';
import { CsvToParquet } from './csvToParquet.ts';
import { guardedValue, unfitJson } from './guardedSql.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import type { Counts } from './streamLoader.ts';
import { WriteQueue } from './writeQueue.ts';

/**
 * Loads the rows of one `copyCsv` body, which can be read only once: values that are none of their declared type
 * go to `_unfit`. Throws `not_reconciled` when DuckDB wrote another number of rows than were counted on their way.
 */
export async function loadCopyCsv(
  state: LoaderState,
  open: () => AsyncIterable<Uint8Array>,
  columns: readonly Column[],
): Promise<Counts> {
  const placed = await state.schema.place(columns);
  const guarded = columns.map(({ name, type }, index) => ({
    text: `c${index}`,
    name,
    // A column that is text in the table takes whatever the source says.
    type: placed.fields[index]?.type === 'string' ? ('string' as const) : type,
  }));
  const system = systemOutputs(state, placed.schema, null, { _unfit: unfitJson(guarded) });
  const files: DataFile[] = [];
  let written = 0;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of open()) {
      state.options.signal.throwIfAborted();
      bytes += chunk.length;
      yield chunk;
    }
  }
  await using writer = new CsvToParquet({
    db: state.db,
    folder: state.options.workFolder,
    name: state.scratchName('copy'),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    columnTypes: columns.map(() => 'VARCHAR'),
    expressions: [
      ...guarded.map((column, index) =>
        column.type === placed.fields[index]?.type
          ? guardedValue(column)
          : `CAST(${guardedValue(column)} AS ${duckdbType((placed.fields[index] as Field).type)})`,
      ),
      ...system.expressions,
    ],
    fields: [...placed.fields, ...system.fields],
    onFile: async (file) => {
      written += file.rows;
      const published = await state.data.publish(file, null);
      if (published !== null) files.push(published);
    },
  });
  const counter = new CopyCsvRows();
  const queue = new WriteQueue();
  for await (const block of scanBlocks(counted(), 0, counter))
    await queue.add(writer.write(block, counter.longestRow));
  await queue.drain();
  await writer.end();
  if (written !== counter.rows)
    throw notReconciled(state.options.stream.name, 'rows were lost or doubled', {
      read: counter.rows,
      written,
      ...writer.castFailures[0],
    });
  state.schema.accept(placed);
  state.adds.push(...files);
  return { read: counter.rows, written, rejected: 0, deduplicated: 0, bytes };
}

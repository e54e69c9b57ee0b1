import type { ColumnSink, FilledRows } from '../connectors/columnSink.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Column } from '../lake/schema.ts';
import { NotUtf8 } from '../parquet/parquetWriter.ts';
import { ColumnsToParquet } from './columnsToParquet.ts';
import { notUtf8 } from './copyCsvRows.ts';
import { holdsDecoded } from './decodedColumns.ts';
import { type LoaderState, systemValues } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { planColumns } from './plannedColumns.ts';
import type { Counts } from './streamLoader.ts';

/**
 * Loads the rows of one `columns` body: as they are, without text and without a database. The table, its bounds and
 * `_unfit` are those that the same rows make as text, but for the order of rows with unfit values. Throws
 * `source_answer_invalid` for texts that are no UTF-8, and a TypeError for columns that `decodedColumns` did not offer.
 */
export async function loadColumns(
  state: LoaderState,
  fill: (sink: ColumnSink) => AsyncIterable<FilledRows>,
  columns: readonly Column[],
): Promise<Counts> {
  const { workFolder, signal, stream } = state.options;
  const { placed, taken } = await planColumns(state, columns);
  const { contract } = state.book.rules;
  const isHeld = taken.every(
    ({ column, field, mask }) => mask === null && holdsDecoded(column.type, field.type),
  );
  if (!isHeld || contract === 'discard_row' || contract === 'discard_value')
    throw new TypeError(`${stream.name}: these columns are not taken decoded`);
  const files: DataFile[] = [];
  let written = 0;
  let read = 0;
  let bytes = 0;
  await using sink = new ColumnsToParquet({
    folder: workFolder,
    name: state.scratchName('columns'),
    columns,
    stored: taken,
    system: systemValues(state, placed.schema),
    onFile: async (file) => {
      written += file.rows;
      const published = await state.data.publish(file, null);
      if (published !== null) files.push(published);
    },
  });
  try {
    for await (const more of fill(sink)) {
      signal.throwIfAborted();
      read += more.rows;
      bytes += more.bytes;
      await sink.settle();
    }
    await sink.end();
  } catch (error) {
    throw error instanceof NotUtf8 ? notUtf8() : error;
  }
  if (written !== read)
    throw notReconciled(stream.name, 'rows were lost or doubled', { read, written });
  state.schema.accept(placed);
  state.adds.push(...files);
  return { read, written, rejected: 0, deduplicated: 0, bytes };
}

import { join } from 'node:path';
import { canonicalDialect, canonicalNull } from '../formats/canonicalCsv.ts';
import { scanBlocks } from '../formats/csv/scanBlocks.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Column } from '../lake/schema.ts';
import { CopyCsvAdmission } from './copyCsvAdmission.ts';
import { planCopyCsv } from './copyCsvPlan.ts';
import { CopyCsvRows } from './copyCsvRows.ts';
import { CsvToParquet } from './csvToParquet.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { RejectLog } from './rejectLog.ts';
import type { Counts } from './streamLoader.ts';
import { WriteQueue } from './writeQueue.ts';
import { writeRejects } from './writeRejects.ts';

/**
 * Loads the rows of one `copyCsv` body, which can be read only once: values that are none of their declared type
 * go to `_unfit`, or have their row rejected where the contract says so. Throws `not_reconciled` when DuckDB wrote
 * another number of rows than were counted on their way.
 */
export async function loadCopyCsv(
  state: LoaderState,
  open: () => AsyncIterable<Uint8Array>,
  columns: readonly Column[],
): Promise<Counts> {
  const plan = await planCopyCsv(state, columns);
  const { placed } = plan;
  const system = systemOutputs(state, placed.schema, null, { _unfit: plan.unfit });
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
    expressions: [...plan.expressions, ...system.expressions],
    fields: [...placed.fields, ...system.fields],
    onFile: async (file) => {
      written += file.rows;
      const published = await state.data.publish(file, null);
      if (published !== null) files.push(published);
    },
  });
  await using rejects = new RejectLog(
    join(state.options.workFolder, `${state.scratchName('rejects')}.csv`),
  );
  const counter =
    state.book.rules.contract === 'discard_row'
      ? new CopyCsvAdmission(state, columns, plan, rejects)
      : new CopyCsvRows();
  const queue = new WriteQueue();
  for await (const block of scanBlocks(counted(), 0, counter)) {
    await rejects.drain();
    await queue.add(writer.write(block, counter.longestRow), block.length);
  }
  await queue.drain();
  await writer.end();
  const { stream } = state.options;
  if (written + rejects.count !== counter.rows)
    throw notReconciled(stream.name, 'rows were lost or doubled', {
      read: counter.rows,
      written,
      rejected: rejects.count,
      ...(state.book.hasMasks ? {} : writer.castFailures[0]),
    });
  state.rejectFiles.push(...(await writeRejects(state, rejects, stream.name, null)));
  state.schema.accept(placed);
  state.adds.push(...files);
  return { read: counter.rows, written, rejected: rejects.count, deduplicated: 0, bytes };
}

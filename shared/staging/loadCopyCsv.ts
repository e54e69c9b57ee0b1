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
import { PlainCopyRows } from './plainCopyRows.ts';
import { RejectLog } from './rejectLog.ts';
import { RowSpool } from './rowSpool.ts';
import type { Counts } from './streamLoader.ts';
import { type TypedCopyPlan, typedCopyPlan } from './typedCopyPlan.ts';
import { WriteQueue } from './writeQueue.ts';
import { writeRejects } from './writeRejects.ts';

/**
 * Loads the rows of one `copyCsv` body, which can be read only once: values that are none of their declared type
 * go to `_unfit`, or have their row rejected where the contract says so. Rows whose values are spelled plainly are
 * parsed with their types; the others follow, judged value by value. Throws `not_reconciled` when DuckDB wrote
 * another number of rows than were counted on their way.
 */
export async function loadCopyCsv(
  state: LoaderState,
  open: () => AsyncIterable<Uint8Array>,
  columns: readonly Column[],
): Promise<Counts> {
  const { workFolder, signal, stream } = state.options;
  const plan = await planCopyCsv(state, columns);
  const { contract } = state.book.rules;
  // To refuse rows, every value is looked at in any case.
  const typed = contract === 'discard_row' ? null : typedCopyPlan(columns, plan);
  const files: DataFile[] = [];
  let written = 0;
  let bytes = 0;
  const writerOf = (
    how: Pick<TypedCopyPlan, 'columnTypes' | 'expressions' | 'unfit'>,
  ): CsvToParquet => {
    const system = systemOutputs(state, plan.placed.schema, null, { _unfit: how.unfit });
    return new CsvToParquet({
      db: state.db,
      fifos: state.fifos,
      folder: workFolder,
      name: state.scratchName('copy'),
      dialect: canonicalDialect,
      nullText: canonicalNull,
      columnTypes: how.columnTypes,
      expressions: [...how.expressions, ...system.expressions],
      fields: [...plan.placed.fields, ...system.fields],
      onFile: async (file) => {
        written += file.rows;
        const published = await state.data.publish(file, null);
        if (published !== null) files.push(published);
      },
    });
  };
  await using rejects = new RejectLog(join(workFolder, `${state.scratchName('rejects')}.csv`));
  await using aside = new RowSpool(join(workFolder, `${state.scratchName('aside')}.csv`));
  await using judging = writerOf({ ...plan, columnTypes: columns.map(() => 'VARCHAR') });
  await using typing = typed === null ? null : writerOf(typed);
  const rows =
    typed !== null
      ? new PlainCopyRows(typed.types, aside)
      : contract === 'discard_row'
        ? new CopyCsvAdmission(state, columns, plan, rejects)
        : new CopyCsvRows();
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of open()) {
      signal.throwIfAborted();
      bytes += chunk.length;
      yield chunk;
      await rejects.drain();
      await aside.drain();
    }
  }

  const queue = new WriteQueue();
  let writer = typing ?? judging;
  // One statement at a time: the rows that were set aside wait until the others are in their file.
  const turnToOthers = async (): Promise<void> => {
    await queue.drain();
    await typing?.end();
    writer = judging;
    for await (const chunk of aside.read()) await judging.write(chunk, aside.longestRow);
  };
  for await (const block of scanBlocks(counted(), 0, rows)) {
    if (writer === typing && rows instanceof PlainCopyRows && !rows.isParting) await turnToOthers();
    await queue.add(writer.write(block, rows.longestRow), block.length);
  }
  if (writer === typing) await turnToOthers();
  await queue.drain();
  await judging.end();

  if (written + rejects.count !== rows.rows)
    throw notReconciled(stream.name, 'rows were lost or doubled', {
      read: rows.rows,
      written,
      rejected: rejects.count,
      ...(state.book.hasMasks ? {} : (typing?.castFailures[0] ?? judging.castFailures[0])),
    });
  state.rejectFiles.push(...(await writeRejects(state, rejects, stream.name, null)));
  state.schema.accept(plan.placed);
  state.adds.push(...files);
  return { read: rows.rows, written, rejected: rejects.count, deduplicated: 0, bytes };
}

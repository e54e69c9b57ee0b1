import type { Reject } from '../formats/reject.ts';
import { RowAdmission } from '../formats/rowAdmission.ts';
import type { SurveyedColumn, TabularFile } from '../formats/tabularFile.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import { type ColumnReading, chosenText, declaredType, valueExpression } from './columnPlan.ts';
import { columnsWithOtherNulls, nullCounts } from './columnsWithOtherNulls.ts';
import { admittedBy, type noteKeptOut } from './contractOfFile.ts';
import { CsvToParquet, type WrittenFile } from './csvToParquet.ts';
import { contradicts, type FilePlan } from './filePlan.ts';
import { unfitJson } from './guardedSql.ts';
import { rejectKeeper } from './keptReject.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import type { RejectLog } from './rejectLog.ts';
import type { TabularSource } from './tabularSource.ts';
import { WriteQueue } from './writeQueue.ts';

/** What one reading of a file came to: its rows in data files, or what is to be planned otherwise. */
export type PassOutcome =
  | {
      readonly kind: 'loaded';
      readonly rows: number;
      readonly written: number;
      readonly files: readonly DataFile[];
      readonly firstReject: Reject | null;
      readonly keptOut: Pick<Parameters<typeof noteKeptOut>[1], 'seen' | 'nulls' | 'refused'>;
    }
  | {
      readonly kind: 'again';
      readonly columns: readonly SurveyedColumn[];
      /** Columns with values that DuckDB does not read as the survey does. */
      readonly textColumns: readonly string[];
    };

/**
 * Reads a file once as planned, and writes its rows. Of a pass that ends with `again` nothing is to be kept, its
 * rejects included. Throws `not_reconciled` when DuckDB wrote another number of rows than the file has.
 */
export async function loadPass(
  state: LoaderState,
  { file, name, sourceFile, keep }: TabularSource,
  plan: FilePlan,
  rejects: RejectLog,
): Promise<PassOutcome> {
  let firstReject: Reject | null = null;
  const refused = new Set<string>();
  const kept = keep ?? rejectKeeper(state, file, plan.layout);
  const admitted = admittedBy(state, plan.layout);
  const pass = file.pass(
    plan.layout,
    (reject) => {
      if (reject.isRow !== true) firstReject ??= reject;
      else refused.add(reject.column ?? '');
      rejects.add(kept(reject));
    },
    admitted === null ? undefined : new RowAdmission(admitted),
  );
  const written: WrittenFile[] = [];
  const files: DataFile[] = [];
  let isContradicted = false;
  {
    await using writer = writerFor(state, file, plan, sourceFile, async (parquet) => {
      written.push(parquet);
      const published = await state.data.publish(parquet, sourceFile);
      if (published !== null) files.push(published);
    });
    const queue = new WriteQueue();
    for await (const block of pass.blocks) {
      await rejects.drain();
      state.options.signal.throwIfAborted();
      if (isContradicted) continue;
      isContradicted = contradicts(plan, pass);
      if (isContradicted) await writer[Symbol.asyncDispose]();
      else await queue.add(writer.write(block, pass.longestRow), block.length);
    }
    if (!isContradicted) await queue.drain();
    if (isContradicted || contradicts(plan, pass))
      return { kind: 'again', columns: pass.columns(), textColumns: [] };
    await writer.end();
    const failed = writer.castFailures.map(({ column }) => plan.layout[column] as string);
    const silent = columnsWithOtherNulls(plan, pass, written);
    if (failed.length + silent.length > 0) {
      state.options.log.warn('DuckDB reads values of these columns otherwise: kept as text', {
        file: name,
        columns: [...failed, ...silent],
      });
      return { kind: 'again', columns: pass.columns(), textColumns: [...failed, ...silent] };
    }
  }
  const rows = written.reduce((sum, parquet) => sum + parquet.rows, 0);
  if (rows !== pass.rows)
    throw notReconciled(name, 'rows were lost or doubled', { read: pass.rows, written: rows });
  return {
    kind: 'loaded',
    rows: pass.rows,
    written: rows,
    files,
    // Rows that a contract refused could be read.
    firstReject: refused.size > 0 ? null : firstReject,
    keptOut: { seen: pass.columns(), nulls: nullCounts(written), refused },
  };
}

function writerFor(
  state: LoaderState,
  file: TabularFile,
  { layout, positions, readings, placed }: FilePlan,
  sourceFile: string | null,
  onFile: (parquet: WrittenFile) => Promise<void>,
): CsvToParquet {
  const types = layout.map(() => 'VARCHAR');
  const expressions = positions.map((position, index) => {
    const { type } = placed.fields[index] as Field;
    const reading = readings[index] as ColumnReading;
    types[position] = declaredType(type, reading);
    return valueExpression(position, type, reading, state.mask);
  });
  const earlier = file.hasUnfit === true ? `c${types.push('VARCHAR') - 1}` : null;
  const chosen = positions.flatMap((position, index) => {
    const { type, isChosen } = readings[index] as ColumnReading;
    const name = layout[position] as string;
    const isText = placed.fields[index]?.type === 'string';
    return isChosen === true && !isText ? [{ text: chosenText(position, type), name, type }] : [];
  });
  const system = systemOutputs(state, placed.schema, sourceFile, {
    _unfit: unfitJson(chosen, earlier),
  });
  return new CsvToParquet({
    db: state.db,
    fifos: state.fifos,
    folder: state.options.workFolder,
    name: state.scratchName('load'),
    dialect: file.dialect,
    nullText: file.nullText,
    columnTypes: types,
    expressions: [...expressions, ...system.expressions],
    fields: [...placed.fields, ...system.fields],
    onFile,
  });
}

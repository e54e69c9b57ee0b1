import { join } from 'node:path';
import { HeadgateError } from '../errors.ts';
import { mergeEvidence } from '../formats/columnEvidence.ts';
import { fileUnreadable } from '../formats/fileUnreadable.ts';
import { mostColumns } from '../formats/mostColumns.ts';
import type { Reject } from '../formats/reject.ts';
import { RowAdmission } from '../formats/rowAdmission.ts';
import type { SurveyedColumn, TabularFile, TabularPass } from '../formats/tabularFile.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { copyStats } from '../lake/dataFileFromStats.ts';
import { type ColumnType, columnType, type Field } from '../lake/schema.ts';
import {
  type ColumnReading,
  chosenText,
  declaredType,
  expectedNulls,
  isSameReading,
  readingUnder,
  valueExpression,
} from './columnPlan.ts';
import { admittedBy, assertMasksReach, noteKeptOut } from './contractOfFile.ts';
import { CsvToParquet, type WrittenFile } from './csvToParquet.ts';
import { unfitJson } from './guardedSql.ts';
import { type KeptReject, rejectKeeper } from './keptReject.ts';
import { type LoaderState, systemOutputs } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import { RejectLog } from './rejectLog.ts';
import type { PlacedColumns } from './workingSchema.ts';
import { WriteQueue } from './writeQueue.ts';
import { writeRejects } from './writeRejects.ts';

/** What became of the rows of a file. */
export interface TabularLoad {
  readonly read: number;
  readonly written: number;
  readonly rejected: number;
  /** What is known of the columns of the rows that were loaded. */
  readonly survey: readonly SurveyedColumn[];
  /** Columns with values that DuckDB does not read as the survey does. */
  readonly doubtful: readonly string[];
  /** Rows could not be read, and none could. */
  readonly isUnreadable: boolean;
}

export interface TabularSource {
  readonly file: TabularFile;
  /** Column → type, as the source's settings want it. */
  readonly types: Readonly<Record<string, string>>;
  /** For messages. */
  readonly name: string;
  /** Value of `_source_file`, or null where the table has no such column. */
  readonly sourceFile: string | null;
  /** It is a stretch of a file: that none of its rows can be read says nothing of the others. */
  readonly isPart?: boolean;
  /** How rejects are kept where the rows were rejected before; that all are again is then no failure. */
  readonly keep?: (reject: Reject) => KeptReject;
}

/** The first reading, one with types from the whole file, and more only where DuckDB disagrees with them. */
const mostPasses = 4;

/**
 * Loads a file of rows with the types of its every value while, as a rule, reading it only once: the types of its
 * first megabytes are assumed, each value is checked against them on its way, and the first that contradicts turns
 * the rest of the reading into a survey, after which the file is read again with the types of all of it.
 *
 * Nothing is left of a file that throws. Throws `file_unreadable` when no row could be read, `not_reconciled` when
 * DuckDB wrote another number of rows, or of NULLs in a column, than the file has, `invalid_config` for a type that
 * does not exist.
 */
export async function loadTabular(state: LoaderState, source: TabularSource): Promise<TabularLoad> {
  const { log, workFolder } = state.options;
  let columns = source.file.survey;
  const chosen = chosenTypes(source.types);
  const doubtful = new Set<string>();
  assertMasksReach(state, source.file);
  for (let count = 1; count <= mostPasses; count++) {
    const plan = await planFile(state, columns, chosen, doubtful);
    await using rejects = new RejectLog(join(workFolder, `${state.scratchName('rejects')}.csv`));
    const outcome = await loadPass(state, source, plan, rejects);
    if (outcome.kind === 'again') {
      columns = outcome.columns;
      for (const column of outcome.textColumns) doubtful.add(column);
      log.info('reading the file again: further down its types differ', { file: source.name });
      continue;
    }
    const { rows, written, files, firstReject, keptOut } = outcome;
    const isUnreadable = rows === 0 && firstReject !== null;
    if (isUnreadable && source.isPart !== true && source.keep === undefined)
      throw fileUnreadable(
        `None of the ${rejects.count} rows of ${source.name} can be read. Line ${firstReject.line}: ${firstReject.reason}.`,
        { file: source.name, line: firstReject.line, rejected: rejects.count },
      );
    const rejectFiles = await writeRejects(state, rejects, source.name, source.sourceFile);
    state.schema.accept(plan.placed, source.file.isSparse !== true);
    noteKeptOut(state, { survey: plan.columns, rows, ...keptOut });
    state.rejectFiles.push(...rejectFiles);
    state.adds.push(...files);
    return {
      read: rows + rejects.count,
      written,
      rejected: rejects.count,
      survey: keptOut.seen,
      doubtful: [...doubtful],
      isUnreadable,
    };
  }
  throw notReconciled(source.name, 'its types do not settle', {});
}

/** Types that a file's options choose. Throws `invalid_config` for one that does not exist. */
export function chosenTypes(types: Readonly<Record<string, string>>): Map<string, ColumnType> {
  return new Map(
    Object.entries(types).map(([column, type]) => {
      const parsed = columnType.safeParse(type.trim().replace(/\s*,\s*/, ', '));
      if (parsed.success) return [column, parsed.data];
      throw new HeadgateError(
        'invalid_config',
        `Column ${column}: there is no type "${type}". Use boolean, int, long, float, double, date, timestamp, timestamptz, string, binary or decimal(precision, scale).`,
        { facts: { column, type } },
      );
    }),
  );
}

interface FilePlan {
  /** All that is known of the file so far. */
  readonly columns: readonly SurveyedColumn[];
  /** Names of all columns a pass hands out. */
  readonly layout: readonly string[];
  /** Those to be loaded: where they are in the layout, and how they are read. */
  readonly positions: readonly number[];
  readonly readings: readonly ColumnReading[];
  readonly placed: PlacedColumns;
  /** null: not loaded. */
  readonly readAll: (columns: readonly SurveyedColumn[]) => readonly (ColumnReading | null)[];
}

/** How each column of a file is read, by what is known of them, and its place in the table. */
export async function planFile(
  { schema, book }: LoaderState,
  columns: readonly SurveyedColumn[],
  chosenTypes: ReadonlyMap<string, ColumnType>,
  doubtful: ReadonlySet<string>,
): Promise<FilePlan> {
  if (columns.length > mostColumns)
    throw fileUnreadable(`It has ${columns.length} columns; a table may have ${mostColumns}.`);
  const { contract } = book.rules;
  const readAll: FilePlan['readAll'] = (surveyed) => {
    const taken = surveyed.filter(({ name }) => book.of(name).isTaken);
    const existing = schema.match(taken.map(({ name }) => name));
    const types = new Map(taken.map(({ name }, index) => [name, existing[index]?.type ?? null]));
    return surveyed.map(({ name, evidence }) =>
      readingUnder(
        {
          rule: book.of(name),
          contract,
          chosen: chosenTypes.get(name) ?? null,
          isDoubtful: doubtful.has(name),
        },
        evidence,
        types.get(name) ?? null,
      ),
    );
  };
  const all = readAll(columns);
  const positions = columns.flatMap((_, position) => (all[position] == null ? [] : [position]));
  const readings = all.filter((reading) => reading !== null);
  const placed = await schema.place(
    positions.map((position, index) => ({
      name: (columns[position] as SurveyedColumn).name,
      type: (readings[index] as ColumnReading).type,
    })),
  );
  return { columns, layout: columns.map(({ name }) => name), positions, readings, placed, readAll };
}

type PassOutcome =
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

async function loadPass(
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

/** Whether what was seen so far, on top of what was known before, would be read otherwise than planned. */
function contradicts(plan: FilePlan, pass: TabularPass): boolean {
  const seen = new Map(pass.columns().map(({ name, evidence }) => [name, evidence]));
  const merged = plan.columns.map(({ name, evidence }) => {
    const more = seen.get(name);
    seen.delete(name);
    return { name, evidence: more === undefined ? evidence : mergeEvidence(evidence, more) };
  });
  const added = [...seen].map(([name, evidence]) => ({ name, evidence }));
  const readings = plan.readAll([...merged, ...added]);
  const loaded = readings.flatMap((reading, index) =>
    reading === null ? [] : [{ reading, index }],
  );
  return (
    loaded.length !== plan.readings.length ||
    loaded.some(
      ({ reading, index }, place) =>
        index !== plan.positions[place] ||
        !isSameReading(reading, plan.readings[place] as ColumnReading),
    )
  );
}

function columnsWithOtherNulls(
  { layout, positions, readings, placed }: FilePlan,
  pass: TabularPass,
  written: readonly WrittenFile[],
): readonly string[] {
  const nulls = nullCounts(written);
  const seen = new Map(pass.columns().map(({ name, evidence }) => [name, evidence]));
  return positions.flatMap((position, index) => {
    const { name, type } = placed.fields[index] as Field;
    const evidence = seen.get(layout[position] as string);
    const expected = evidence === undefined ? pass.rows : expectedNulls(type, evidence);
    // What fits no chosen type is NULL too, and kept in `_unfit`.
    if (readings[index]?.isChosen === true && type !== 'string') return [];
    return (nulls.get(name) ?? 0) === expected ? [] : [layout[position] as string];
  });
}

/** NULLs per column over all files, from RETURN_STATS. */
function nullCounts(written: readonly WrittenFile[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { stats } of written)
    for (const { key, value } of copyStats.parse(stats).column_statistics) {
      const column = key.replace(/^"|"$/g, '');
      const count = Number(value.find((fact) => fact.key === 'null_count')?.value ?? 0);
      counts.set(column, (counts.get(column) ?? 0) + count);
    }
  return counts;
}

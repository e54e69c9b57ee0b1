import { join } from 'node:path';
import { fileUnreadable } from '../formats/fileUnreadable.ts';
import type { SurveyedColumn } from '../formats/tabularFile.ts';
import { assertMasksReach, noteKeptOut } from './contractOfFile.ts';
import { chosenTypes, planFile } from './filePlan.ts';
import type { LoaderState } from './loaderState.ts';
import { loadPass } from './loadPass.ts';
import { notReconciled } from './notReconciled.ts';
import { RejectLog } from './rejectLog.ts';
import type { TabularSource } from './tabularSource.ts';
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

import type { LandedFile } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { columnTypeOf } from '../formats/columnEvidence.ts';
import { FileBytes } from '../formats/fileBytes.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import { openFile, openTabular } from '../formats/openTabular.ts';
import type { SurveyedColumn } from '../formats/tabularFile.ts';
import type { Column, Field } from '../lake/schema.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import { chosenTypes, planFile } from './filePlan.ts';
import type { LoaderState } from './loaderState.ts';
import { loadFilePart } from './loadFilePart.ts';
import { planColumns } from './plannedColumns.ts';

/** Columns for which a table is to have a place. */
export type Proposal =
  /** As a source declares them. */
  | { readonly kind: 'declared'; readonly columns: readonly Column[] }
  /** With these types, whatever decided them. */
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  /** Of a file, by what is known of all its values. */
  | {
      readonly kind: 'surveyed';
      readonly columns: readonly SurveyedColumn[];
      readonly doubtful: readonly string[];
      readonly options: FileFormatOptions;
    }
  /** What the beginnings, or the footers, of files show. Workbooks show nothing before they are read. */
  | { readonly kind: 'heads'; readonly files: readonly FileHead[] };

export interface FileHead {
  readonly file: LandedFile;
  readonly options: FileFormatOptions;
}

/**
 * Makes place in the working schema for what is proposed, under the stream's rules and its contract. Throws
 * `schema_frozen` and `invalid_config` as loading it would.
 */
export async function propose(state: LoaderState, proposal: Proposal): Promise<readonly Field[]> {
  switch (proposal.kind) {
    case 'declared':
      state.schema.accept((await planColumns(state, proposal.columns)).placed, false);
      break;
    case 'columns':
      state.schema.accept(await state.schema.place(proposal.columns), false);
      break;
    case 'surveyed':
      await proposeSurvey(state, proposal);
      break;
    case 'heads':
      await proposeHeads(state, proposal.files);
  }
  return state.schema.schema;
}

type Surveyed = Extract<Proposal, { kind: 'surveyed' }>;

async function proposeSurvey(
  state: LoaderState,
  { columns, doubtful, options }: Omit<Surveyed, 'kind'>,
): Promise<void> {
  const types = chosenTypes(options.types ?? {});
  const { placed } = await planFile(state, columns, types, new Set(doubtful));
  state.schema.accept(placed, false);
}

/** A file that cannot be read is left to who loads it to say so. */
async function proposeHeads(state: LoaderState, heads: readonly FileHead[]): Promise<void> {
  const empty: Omit<Surveyed, 'kind'>[] = [];
  for (const head of heads)
    try {
      const survey = await surveyHead(state, head);
      const common = { doubtful: [], options: head.options };
      const [valued, rest] = [survey.filter(hasValues), survey.filter((it) => !hasValues(it))];
      await proposeSurvey(state, { columns: valued, ...common });
      empty.push({ columns: rest, ...common });
    } catch (error) {
      if (!(error instanceof HeadgateError) || error.code !== 'file_unreadable') throw error;
    }
  // A column without a value is text, unless another file has values of it.
  for (const survey of empty) await proposeSurvey(state, survey);
}

const hasValues = ({ evidence }: SurveyedColumn): boolean => columnTypeOf(evidence) !== null;

/** What is known of a file's columns; of a Parquet file they are placed at once. */
async function surveyHead(
  state: LoaderState,
  { file, options }: FileHead,
): Promise<readonly SurveyedColumn[]> {
  const opened = await openFile(new FileBytes(file, state.options.signal), options);
  if (opened.format === 'xlsx') return [];
  if (opened.format === 'parquet') {
    if (opened.compression !== 'none') return [];
    // No row groups at all: its columns and nothing else.
    const place = { kind: 'rowGroups', first: 0, end: 0, from: 0, to: 0, pieceBytes: 1 } as const;
    await loadFilePart(state, { kind: 'filePart', file, options, place });
    return [];
  }
  const { book, mask, options: loader } = state;
  const shape = { members: nestedMembers(book, mask), hides: (): boolean => true };
  return (await openTabular(opened, options, loader.workFolder, shape)).survey;
}

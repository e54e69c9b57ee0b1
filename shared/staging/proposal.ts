import type { LandedFile } from '../connectors/connector.ts';
import { FileBytes } from '../formats/fileBytes.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import { openFile, openTabular } from '../formats/openTabular.ts';
import type { SurveyedColumn } from '../formats/tabularFile.ts';
import type { Column, Field } from '../lake/schema.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import type { LoaderState } from './loaderState.ts';
import { loadFilePart } from './loadFilePart.ts';
import { chosenTypes, planFile } from './loadTabular.ts';
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
  /** What the beginning, or the footer, of a file shows. Workbooks show nothing before they are read. */
  | { readonly kind: 'head'; readonly file: LandedFile; readonly options: FileFormatOptions };

/**
 * Makes place in the working schema for what is proposed, under the stream's rules and its contract. Throws what
 * loading it would throw: `file_unreadable`, `schema_frozen`, `invalid_config`.
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
    case 'head':
      await proposeHead(state, proposal);
  }
  return state.schema.schema;
}

async function proposeSurvey(
  state: LoaderState,
  { columns, doubtful, options }: Omit<Extract<Proposal, { kind: 'surveyed' }>, 'kind'>,
): Promise<void> {
  const types = chosenTypes(options.types ?? {});
  const { placed } = await planFile(state, columns, types, new Set(doubtful));
  state.schema.accept(placed, false);
}

async function proposeHead(
  state: LoaderState,
  { file, options }: Extract<Proposal, { kind: 'head' }>,
): Promise<void> {
  const opened = await openFile(new FileBytes(file, state.options.signal), options);
  if (opened.format === 'xlsx') return;
  if (opened.format === 'parquet') {
    if (opened.compression !== 'none') return;
    // No row groups at all: its columns and nothing else.
    const place = { kind: 'rowGroups', first: 0, end: 0, from: 0, to: 0, pieceBytes: 1 } as const;
    await loadFilePart(state, { kind: 'filePart', file, options, place });
    return;
  }
  const { book, mask, options: loader } = state;
  const members = nestedMembers(book, mask);
  const hides = (): boolean => true;
  const { survey } = await openTabular(opened, options, loader.workFolder, { members, hides });
  await proposeSurvey(state, { columns: survey, doubtful: [], options });
}

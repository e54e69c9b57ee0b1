import type { LandedFile } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { FileBytes } from '../formats/fileBytes.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import { openFile } from '../formats/openTabular.ts';
import { type RowGroupPlace, readParquetTail } from '../formats/ranges/parquetParts.ts';
import { rangedText } from '../formats/ranges/rangedText.ts';
import type { FanOutOptions } from './fanOutOptions.ts';
import type { CutFile, FanOutPlan, LandedRef, UnitWork } from './fanOutPlan.ts';

export interface WaitingFile {
  readonly file: LandedFile;
  readonly options: FileFormatOptions;
}

/** How waiting files are shared out. */
export interface SharedFiles {
  readonly cuts: readonly CutFile[];
  readonly sequence: FanOutPlan['sequence'];
}

/** One function is done with less before others have started. */
const worthwhileShare = 4;

/**
 * Cuts large files, and puts the others together in groups that one unit loads. null: not worth it, or nothing that
 * can be shared out.
 */
export async function shareFiles(
  waiting: readonly WaitingFile[],
  options: FanOutOptions,
  signal: AbortSignal,
): Promise<SharedFiles | null> {
  const total = waiting.reduce((sum, { file }) => sum + file.bytes, 0);
  const cuts: CutFile[] = [];
  const sequence: FanOutPlan['sequence'] = [];
  let group: LandedRef[] = [];
  let groupBytes = 0;
  const endGroup = (): void => {
    if (group.length > 0) sequence.push({ files: group });
    group = [];
    groupBytes = 0;
  };
  for (const each of waiting) {
    const { name, versionId, bytes } = each.file;
    const ref = { name, versionId, bytes };
    const cut = isLarge(each.file, waiting, options)
      ? await cutOf(each, ref, cuts.length, options, signal)
      : null;
    if (cut !== null) {
      endGroup();
      sequence.push({ cut: cuts.length });
      cuts.push(cut);
      continue;
    }
    if (
      group.length > 0 &&
      (group.length === options.filesPerUnit || groupBytes + bytes > options.unitBytes)
    )
      endGroup();
    group.push(ref);
    groupBytes += bytes;
  }
  endGroup();
  const isMuch = waiting.length > options.minFiles || total >= worthwhileShare * options.minBytes;
  return cuts.length > 0 || (isMuch && sequence.length > 1) ? { cuts, sequence } : null;
}

/** With enough files for all units, only those are cut that would keep the others waiting. */
const isLarge = (
  { bytes }: LandedFile,
  { length }: readonly WaitingFile[],
  { minBytes, unitBytes, concurrency }: FanOutOptions,
): boolean => bytes >= minBytes && (length < concurrency || bytes >= worthwhileShare * unitBytes);

/** null: it can only be read in one go. A file that cannot be read at all is left to its unit to say so. */
async function cutOf(
  { file, options }: WaitingFile,
  ref: LandedRef,
  index: number,
  { unitBytes }: FanOutOptions,
  signal: AbortSignal,
): Promise<CutFile | null> {
  try {
    const opened = await openFile(new FileBytes(file, signal), options);
    const cut = { file: ref, options, parts: [], scans: [] };
    if (opened.format === 'parquet' && opened.compression === 'none') {
      const tail = await readParquetTail(file);
      const units = tail === null ? [] : groupUnits(tail.rowGroups, index, file.bytes, unitBytes);
      return units.length > 1 ? { ...cut, text: null, parts: [...units] } : null;
    }
    const text = await rangedText(opened, options);
    return text === null ? null : { ...cut, text };
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'file_unreadable') return null;
    throw error;
  }
}

/** Row groups put together to parts of about `unitBytes`; bytes between them belong to the part in front. */
function groupUnits(
  groups: readonly RowGroupPlace[],
  cut: number,
  fileBytes: number,
  unitBytes: number,
): readonly UnitWork[] {
  const firsts = [0];
  for (const [index, { to }] of groups.entries()) {
    const first = groups[firsts.at(-1) as number] as RowGroupPlace;
    if (to - first.from > unitBytes && index > (firsts.at(-1) as number)) firsts.push(index);
  }
  const fromOf = (first: number | undefined): number =>
    first === undefined ? fileBytes : first === 0 ? 0 : (groups[first] as RowGroupPlace).from;
  return firsts.map((first, place) => ({
    kind: 'rowGroups',
    cut,
    first,
    end: firsts[place + 1] ?? groups.length,
    from: fromOf(first),
    to: fromOf(firsts[place + 1]),
    rowsBefore: groups.slice(0, first).reduce((sum, { rows }) => sum + rows, 0),
  }));
}

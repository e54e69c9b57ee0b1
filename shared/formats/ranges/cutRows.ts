import { isOpen, type RowState, rowState } from './rowAutomaton.ts';
import { isDoubtful, joinSegments, type RowSegment } from './rowSegment.ts';
import type { SegmentsByState } from './segmentScanner.ts';

/** A stretch of a file that begins where a row does and ends where one ends. */
export interface RowRange {
  /** Bytes `[from, to)` of the file. */
  readonly from: number;
  readonly to: number;
  /** 1-based line of the file in which it begins. */
  readonly firstLine: number;
}

export type CutResult =
  | { readonly kind: 'cut'; readonly ranges: readonly RowRange[] }
  /** Where rows end depends on more than can be told from here: the file is read in one go. */
  | { readonly kind: 'doubtful'; readonly reason: string };

export interface CutOptions {
  /** Where the first stretch begins: the first byte of the first row, and its line. */
  readonly from: number;
  readonly firstLine: number;
  readonly isQuoted: (state: RowState) => boolean;
  /** A reader may give up on longer rows. */
  readonly longestRowBytes: number;
}

/**
 * Cuts a file where rows begin, from what each of its stretches shows by itself. Stretches lie one behind the other
 * without gaps and end with the file; each answers at most one range, which begins with its first row.
 */
export function cutRows(stretches: readonly SegmentsByState[], options: CutOptions): CutResult {
  const { from, firstLine, isQuoted, longestRowBytes } = options;
  const begins: { readonly from: number; readonly firstLine: number }[] = [];
  let whole: RowSegment | null = null;
  for (const stretch of stretches) {
    const segment = stretch.get(whole?.end ?? rowState.row);
    if (segment === undefined) throw new TypeError('a stretch was not read in every state');
    if (segment.first !== null)
      begins.push({
        from: from + (whole?.bytes ?? 0) + segment.first.offset,
        firstLine: firstLine + (whole?.lines ?? 0) + segment.first.lines,
      });
    whole = whole === null ? segment : joinSegments(whole, segment);
  }
  if (whole === null) return { kind: 'cut', ranges: [] };
  if (isQuoted(whole.end)) return doubtful('a quote is open at its end');
  if (whole.isAmbiguous || (isOpen(whole.end) && isDoubtful(whole.tail)))
    return doubtful('a row with line ends inside quotes has text behind a closing quote');
  if (Math.max(whole.longestRow, whole.tail.bytes) > longestRowBytes)
    return doubtful(`a row is longer than ${longestRowBytes} bytes`);
  const end = from + whole.bytes;
  return {
    kind: 'cut',
    ranges: begins.map((begin, index) => ({ ...begin, to: begins[index + 1]?.from ?? end })),
  };
}

const doubtful = (reason: string): CutResult => ({ kind: 'doubtful', reason });

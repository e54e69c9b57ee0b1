import * as z from 'zod';
import { isOpen, type RowState, rowStates } from './rowAutomaton.ts';

/** A piece of a row: its length, and what happened to its quotes. */
const rowPart = z.strictObject({
  bytes: z.int().nonnegative(),
  /** A line end inside quotes. */
  hasBreak: z.boolean(),
  /** Text behind a closing quote. */
  isSpoilt: z.boolean(),
});
export type RowPart = z.infer<typeof rowPart>;

/** Everything about rows that one stretch of a file shows, if the reading comes to it in a certain state. */
export const rowSegment = z.strictObject({
  bytes: z.int().nonnegative(),
  /** The state the reading leaves it in. */
  end: z.union(rowStates.map((state) => z.literal(state))),
  /** Line ends, inside quotes too. */
  lines: z.int().nonnegative(),
  /** Where the first row starts, and how many lines end in front of it; null where none starts. */
  first: z.strictObject({ offset: z.int().nonnegative(), lines: z.int().nonnegative() }).nullable(),
  /** What belongs to a row begun before; all of the segment where no row starts. */
  head: rowPart,
  /** The row that is open at the end; the same as `head` where that began before. */
  tail: rowPart,
  /** Some row spans lines and has text behind a closing quote: where it ends is a matter of judgement. */
  isAmbiguous: z.boolean(),
  /** Bytes of the longest row that lies in it as a whole. */
  longestRow: z.int().nonnegative(),
});
export type RowSegment = z.infer<typeof rowSegment>;

export const noPart: RowPart = { bytes: 0, hasBreak: false, isSpoilt: false };

export const emptySegment = (state: RowState): RowSegment => ({
  bytes: 0,
  end: state,
  lines: 0,
  first: null,
  head: noPart,
  tail: noPart,
  isAmbiguous: false,
  longestRow: 0,
});

/** Whether `CsvScanner` might end such a row elsewhere, to keep a stray quote from swallowing rows. */
export const isDoubtful = ({ hasBreak, isSpoilt }: RowPart): boolean => hasBreak && isSpoilt;

/** Two stretches, one behind the other, as one. `right` MUST be what its bytes show from `left.end` on. */
export function joinSegments(left: RowSegment, right: RowSegment): RowSegment {
  const wasOpen = isOpen(left.end);
  const seam = wasOpen ? joinParts(left.tail, right.head) : noPart;
  const ends = right.first !== null || !isOpen(right.end);
  const isInner = wasOpen && ends && left.first !== null;
  return {
    bytes: left.bytes + right.bytes,
    end: right.end,
    lines: left.lines + right.lines,
    first:
      left.first ??
      (right.first === null
        ? null
        : {
            offset: left.bytes + right.first.offset,
            lines: left.lines + right.first.lines,
          }),
    head: left.first === null && wasOpen ? joinParts(left.head, right.head) : left.head,
    tail: !isOpen(right.end) ? noPart : right.first !== null ? right.tail : seam,
    isAmbiguous: left.isAmbiguous || right.isAmbiguous || (isInner && isDoubtful(seam)),
    longestRow: Math.max(left.longestRow, right.longestRow, isInner ? seam.bytes : 0),
  };
}

const joinParts = (left: RowPart, right: RowPart): RowPart => ({
  bytes: left.bytes + right.bytes,
  hasBreak: left.hasBreak || right.hasBreak,
  isSpoilt: left.isSpoilt || right.isSpoilt,
});

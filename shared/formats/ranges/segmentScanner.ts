import { isOpen, type RowAutomaton, type RowState, rowEvent } from './rowAutomaton.ts';
import {
  emptySegment,
  isDoubtful,
  joinSegments,
  type RowPart,
  type RowSegment,
} from './rowSegment.ts';

/** What a stretch of a file shows for each state a reading may come to it in. */
export type SegmentsByState = ReadonlyMap<RowState, RowSegment>;

/** Readings that came to be in the same state: from there on they see the same. */
interface Reading {
  readonly members: readonly { readonly start: RowState; readonly before: RowSegment }[];
  readonly since: RunningSegment;
}

/** Between two looks whether readings have become one. */
const stepBytes = 1 << 16;

/**
 * Reads a stretch of a file without knowing what stands in front of it: in every state at once. Readings meet after
 * a few cells, so that as a rule two are left, one inside and one outside of quotes.
 */
export class SegmentScanner {
  readonly #automaton: RowAutomaton;
  #readings: readonly Reading[];

  constructor(automaton: RowAutomaton) {
    this.#automaton = automaton;
    this.#readings = automaton.states.map((start) => ({
      members: [{ start, before: emptySegment(start) }],
      since: new RunningSegment(automaton.table, start),
    }));
  }

  scan(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += stepBytes) {
      const step = chunk.subarray(from, from + stepBytes);
      for (const { since } of this.#readings) since.scan(step);
      if (this.#readings.length > 1) this.#meet();
    }
  }

  segments(): SegmentsByState {
    return new Map(
      this.#readings.flatMap(({ members, since }) => {
        const segment = since.segment();
        return members.map(({ start, before }) => [start, joinSegments(before, segment)] as const);
      }),
    );
  }

  #meet(): void {
    const states = new Set(this.#readings.map(({ since }) => since.state));
    if (states.size === this.#readings.length) return;
    this.#readings = [...states].map((state) => {
      const met = this.#readings.filter(({ since }) => since.state === state);
      const [only] = met;
      if (met.length === 1 && only !== undefined) return only;
      return {
        members: met.flatMap(({ members, since }) => {
          const segment = since.segment();
          return members.map(({ start, before }) => ({
            start,
            before: joinSegments(before, segment),
          }));
        }),
        since: new RunningSegment(this.#automaton.table, state),
      };
    });
  }
}

const [breakBit, spoiltBit] = [1, 2];
/** States take four bits. */
const stateBits = 15;

/** One reading's segment so far. */
class RunningSegment {
  state: RowState;
  readonly #table: Uint8Array;
  #bytes = 0;
  #lines = 0;
  #first: RowSegment['first'] = null;
  /** Of the row begun before the segment, until it ends or the segment does. */
  #head: RowPart | null = null;
  #rowStart = 0;
  #flags = 0;
  #isAmbiguous = false;
  #longestRow = 0;

  constructor(table: Uint8Array, state: RowState) {
    this.#table = table;
    this.state = state;
  }

  scan(bytes: Uint8Array): void {
    const table = this.#table;
    const { length } = bytes;
    let state: number = this.state;
    for (let at = 0; at < length; at++) {
      const entry = table[(state << 8) | (bytes[at] as number)] as number;
      state = entry & stateBits;
      if (entry > stateBits) this.#event(entry, this.#bytes + at);
    }
    this.state = state as RowState;
    this.#bytes += length;
  }

  #event(entry: number, at: number): void {
    if ((entry & rowEvent.begins) !== 0) {
      if (this.#first === null) {
        this.#first = { offset: at, lines: this.#lines };
        this.#head = { ...(this.#head ?? partOf(at, this.#flags)), bytes: at };
      }
      this.#rowStart = at;
      this.#flags = 0;
    }
    if ((entry & rowEvent.spoils) !== 0) this.#flags |= spoiltBit;
    if ((entry & rowEvent.breaks) !== 0) {
      this.#flags |= breakBit;
      this.#lines++;
    }
    if ((entry & rowEvent.ends) === 0) return;
    this.#lines++;
    const row = partOf(at + 1 - this.#rowStart, this.#flags);
    if (this.#first === null) this.#head = row;
    else {
      if (isDoubtful(row)) this.#isAmbiguous = true;
      if (row.bytes > this.#longestRow) this.#longestRow = row.bytes;
    }
    this.#flags = 0;
  }

  segment(): RowSegment {
    const open = partOf(this.#bytes - this.#rowStart, this.#flags);
    return {
      bytes: this.#bytes,
      end: this.state,
      lines: this.#lines,
      first: this.#first,
      head:
        this.#first === null ? { ...(this.#head ?? open), bytes: this.#bytes } : headOf(this.#head),
      tail: isOpen(this.state) ? open : partOf(0, 0),
      isAmbiguous: this.#isAmbiguous,
      longestRow: this.#longestRow,
    };
  }
}

const headOf = (head: RowPart | null): RowPart => head ?? partOf(0, 0);

const partOf = (bytes: number, flags: number): RowPart => ({
  bytes,
  hasBreak: (flags & breakBit) !== 0,
  isSpoilt: (flags & spoiltBit) !== 0,
});

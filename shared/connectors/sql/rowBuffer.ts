import { parseCsvRecord } from './csvRecord.ts';
import type { RowBlock, SqlRow } from './sqlDialect.ts';

/** A block is handed over when it holds this much; then the source is paused until somebody asks for more. */
export const blockBytes = 256 * 1024;

/** Room for a block and for what arrives before a pause takes effect. */
const bufferBytes = 2 * blockBytes;

/**
 * Rows in the form of `copyCsv`, as they arrive: whoever reads the wire writes them into `bytes` from `end` on and
 * closes each with `endRow`. Two buffers take turns, so that a long read leaves nothing to collect; they grow with the
 * largest row only, as long as blocks are taken when they are full.
 */
export class RowBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  /** Where the next byte goes. */
  end = 0;
  #start = 0;
  /** Whose turn is next, once the block that was taken from it is not read any more. */
  #other: Buffer | null = null;
  #otherIsFree = false;
  /** Ends of the rows from index `#first` to before `#last`: those not handed over yet. */
  #rowEnds = new Uint32Array(4096);
  #first = 0;
  #last = 0;
  readonly #parse: (row: Buffer) => SqlRow;

  /** `parse` reads the values of one row. */
  constructor(parse: (row: Buffer) => SqlRow = parseCsvRecord) {
    this.#parse = parse;
  }

  /** Whole rows not handed over yet. */
  get rows(): number {
    return this.#last - this.#first;
  }

  /** Whether there is enough for a block. */
  get full(): boolean {
    return this.end - this.#start >= blockBytes;
  }

  /** Makes room for this many more bytes; `bytes` and `end` may change. */
  reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return;
    const kept = this.end - this.#start;
    const next = this.#nextBuffer(kept + more);
    this.bytes.copy(next, 0, this.#start, this.end);
    // One that grew for a long row is not worth keeping.
    this.#other = this.bytes.length === bufferBytes ? this.bytes : null;
    this.#otherIsFree = false;
    this.bytes = next;
    for (let index = this.#first; index < this.#last; index++)
      this.#rowEnds[index - this.#first] = (this.#rowEnds[index] as number) - this.#start;
    this.#last -= this.#first;
    this.#first = 0;
    this.#start = 0;
    this.end = kept;
  }

  #nextBuffer(needed: number): Buffer {
    if (needed > bufferBytes) return Buffer.allocUnsafeSlow(2 * needed);
    return this.#otherIsFree && this.#other !== null
      ? this.#other
      : Buffer.allocUnsafeSlow(bufferBytes);
  }

  endRow(): void {
    if (this.#last === this.#rowEnds.length) {
      const longer = new Uint32Array(2 * this.#last);
      longer.set(this.#rowEnds);
      this.#rowEnds = longer;
    }
    this.#rowEnds[this.#last++] = this.end;
  }

  /** Up to this many rows, which MUST be there. The bytes of the block that was taken before may change from now on. */
  take(maxRows: number): RowBlock {
    const rows = Math.min(maxRows, this.rows);
    const start = this.#start;
    const ends = this.#rowEnds;
    const end = ends[this.#first + rows - 1] ?? this.end;
    const lastStart = rows === 1 ? start : (ends[this.#first + rows - 2] ?? start);
    this.#first += rows;
    this.#start = end;
    if (this.#first === this.#last) {
      this.#first = 0;
      this.#last = 0;
    }
    this.#otherIsFree = true;
    // Asked for when the block itself may be gone.
    const lastRow = Buffer.from(this.bytes.subarray(lastStart, end));
    return {
      bytes: this.bytes.subarray(start, end),
      rows,
      last: () => this.#parse(lastRow),
    };
  }
}

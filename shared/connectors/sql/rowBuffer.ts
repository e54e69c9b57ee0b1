import { parseCsvRecord } from './csvRecord.ts';
import type { RowBlock } from './sqlDialect.ts';

/** A block is handed over when it holds this much; then the source is paused until somebody asks for more. */
export const blockBytes = 256 * 1024;

/** Room for a block and for what arrives before a pause takes effect. */
const bufferBytes = 2 * blockBytes;

/**
 * Rows in the form of `copyCsv`, as they arrive: whoever reads the wire writes them into `bytes` from `end` on and
 * closes each with `endRow`. Grows with its largest row only, as long as blocks are taken when they are full.
 */
export class RowBuffer {
  bytes = Buffer.allocUnsafe(bufferBytes);
  /** Where the next byte goes. */
  end = 0;
  #start = 0;
  /** Ends of the rows not handed over yet, from index `#first` on. */
  #rowEnds: number[] = [];
  #first = 0;

  /** Whole rows not handed over yet. */
  get rows(): number {
    return this.#rowEnds.length - this.#first;
  }

  /** Whether there is enough for a block. */
  get full(): boolean {
    return this.end - this.#start >= blockBytes;
  }

  /** Makes room for this many more bytes; `bytes` and `end` may change. */
  reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return;
    const kept = this.end - this.#start;
    const grown = Buffer.allocUnsafe(Math.max(bufferBytes, 2 * (kept + more)));
    this.bytes.copy(grown, 0, this.#start, this.end);
    this.#rowEnds = this.#rowEnds.slice(this.#first).map((end) => end - this.#start);
    this.bytes = grown;
    this.#first = 0;
    this.#start = 0;
    this.end = kept;
  }

  endRow(): void {
    this.#rowEnds.push(this.end);
  }

  /** Up to this many rows, which MUST be there. */
  take(maxRows: number): RowBlock {
    const rows = Math.min(maxRows, this.rows);
    const buffer = this.bytes;
    const start = this.#start;
    const end = this.#rowEnds[this.#first + rows - 1] ?? this.end;
    const lastStart = rows === 1 ? start : (this.#rowEnds[this.#first + rows - 2] ?? start);
    this.#first += rows;
    this.#start = end;
    if (this.#first === this.#rowEnds.length && end === this.end) {
      // The block keeps the old buffer for as long as its reader needs it.
      this.bytes = Buffer.allocUnsafe(bufferBytes);
      this.#start = 0;
      this.end = 0;
      this.#rowEnds = [];
      this.#first = 0;
    }
    return {
      bytes: buffer.subarray(start, end),
      rows,
      last: () => parseCsvRecord(buffer.subarray(lastStart, end)),
    };
  }
}

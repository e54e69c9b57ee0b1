import type { Readable } from 'node:stream';

const [copyData, readyForQuery] = [0x64, 0x5a];
/** A type, and a length that counts itself. */
export const headerBytes = 5;

/** What becomes of the rows of a COPY. */
export interface CopySink {
  /** Announces one CopyData message of this many bytes. */
  begin(bytes: number): void;
  /** More of its bytes; valid during the call only. */
  add(source: Buffer, from: number, to: number): void;
  /** The message is complete. */
  end(): void;
  /** Takes whole CopyData messages, headers and all, at once. Left out: each comes by itself. */
  addWhole?(source: Buffer, from: number, to: number): void;
}

/**
 * Takes CopyData messages out of a connection between a query and its end, and leaves every other message to the
 * driver. The driver makes three objects and an event of each message, and a COPY sends one per row: that costs more
 * than everything else that is done with the row. MUST be made while the connection is idle, so that the next byte
 * begins a message (PostgreSQL's documentation, "Message Formats"). Lets go of the connection at ReadyForQuery.
 */
export class CopyFrames {
  readonly #stream: Readable;
  readonly #sink: CopySink;
  /** Those of the driver. */
  readonly #others: readonly ((chunk: Buffer) => void)[];
  /** Bytes left of the message under way, and whether it is CopyData. */
  #left = 0;
  #isData = false;
  /** Of a header that the chunk's end cut off. */
  #head: Buffer | null = null;

  constructor(stream: Readable, sink: CopySink) {
    this.#stream = stream;
    this.#sink = sink;
    this.#others = stream.listeners('data') as ((chunk: Buffer) => void)[];
    // Ours first: without any listener the stream would stop.
    stream.on('data', this.#take);
    for (const other of this.#others) stream.off('data', other);
  }

  readonly #take = (arrived: Buffer): void => {
    const chunk = this.#head === null ? arrived : Buffer.concat([this.#head, arrived]);
    this.#head = null;
    const sink = this.#sink;
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        const end = sink.addWhole === undefined ? at : endOfWhole(chunk, at);
        if (end > at) {
          sink.addWhole?.(chunk, at, end);
          at = end;
          continue;
        }
        if (chunk.length - at < headerBytes) {
          this.#head = Buffer.from(chunk.subarray(at));
          return;
        }
        const type = chunk[at];
        const length = chunk.readUInt32BE(at + 1);
        if (type === readyForQuery) {
          this.#letGo();
          // Whatever follows is the driver's, too.
          this.#pass(chunk.subarray(at));
          return;
        }
        this.#isData = type === copyData;
        this.#left = this.#isData ? length - 4 : length + 1;
        if (this.#isData) {
          at += headerBytes;
          sink.begin(this.#left);
        }
      }
      const to = Math.min(at + this.#left, chunk.length);
      if (this.#isData) sink.add(chunk, at, to);
      else this.#pass(chunk.subarray(at, to));
      this.#left -= to - at;
      at = to;
      if (this.#left === 0 && this.#isData) sink.end();
    }
  };

  #pass(bytes: Buffer): void {
    for (const other of this.#others) other(bytes);
  }

  #letGo(): void {
    for (const other of this.#others) this.#stream.on('data', other);
    this.#stream.off('data', this.#take);
  }
}

/** Where the CopyData messages end that begin at `start` and are whole. */
function endOfWhole(chunk: Buffer, start: number): number {
  let at = start;
  while (chunk.length - at >= headerBytes && chunk[at] === copyData) {
    const length = chunk.readUInt32BE(at + 1);
    const next = at + 1 + length;
    if (length < 4 || next > chunk.length) break;
    at = next;
  }
  return at;
}

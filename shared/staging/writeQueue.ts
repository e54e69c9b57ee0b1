import { blocksAhead } from '../formats/tabularFile.ts';

/** Blocks of very long rows are larger than others; as many of them must not wait. */
const bytesAhead = 16 * 2 ** 20;

/** Lets as many writes wait as there are blocks to take turns, and no more. */
export class WriteQueue {
  readonly #writes: { readonly written: Promise<void>; readonly bytes: number }[] = [];
  #bytes = 0;

  /** Waits until another block may be taken. Rejects when an earlier write did. */
  async add(written: Promise<void>, bytes: number): Promise<void> {
    // Awaited later; until then a failure must not count as unhandled.
    written.catch(() => undefined);
    this.#writes.push({ written, bytes });
    this.#bytes += bytes;
    while (this.#writes.length >= blocksAhead || this.#bytes > bytesAhead) await this.#shift();
  }

  async drain(): Promise<void> {
    while (this.#writes.length > 0) await this.#shift();
  }

  async #shift(): Promise<void> {
    const oldest = this.#writes.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    await oldest.written;
  }
}

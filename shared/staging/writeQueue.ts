import { blocksAhead } from '../formats/tabularFile.ts';

/** Lets as many writes wait as there are blocks to take turns, and no more. */
export class WriteQueue {
  readonly #writes: Promise<void>[] = [];

  /** Waits until another block may be taken. Rejects when an earlier write did. */
  async add(write: Promise<void>): Promise<void> {
    // Awaited later; until then a failure must not count as unhandled.
    write.catch(() => undefined);
    this.#writes.push(write);
    if (this.#writes.length >= blocksAhead) await this.#writes.shift();
  }

  async drain(): Promise<void> {
    for (const write of this.#writes.splice(0)) await write;
  }
}

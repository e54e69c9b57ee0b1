import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

const bytesPerWrite = 1 << 18;

/** Rows that wait for their turn: a few in memory, more of them on disk. */
export class RowSpool implements AsyncDisposable {
  readonly #path: string;
  #stream: WriteStream | null = null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  bytes = 0;
  longestRow = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Copies the row. */
  add(row: Uint8Array): void {
    this.#waiting.push(Buffer.from(row));
    this.#waitingBytes += row.length;
    this.bytes += row.length;
    if (row.length > this.longestRow) this.longestRow = row.length;
    if (this.#waitingBytes >= bytesPerWrite) this.#write();
  }

  /** Waits until the disk has caught up. */
  async drain(): Promise<void> {
    if (this.#stream?.writableNeedDrain === true) await once(this.#stream, 'drain');
  }

  /** All rows, in their order. None is added after it. */
  async *read(): AsyncGenerator<Uint8Array> {
    if (this.#stream !== null) {
      this.#stream.end(Buffer.concat(this.#waiting.splice(0)));
      await finished(this.#stream);
      yield* createReadStream(this.#path, {
        highWaterMark: bytesPerWrite,
      }) as AsyncIterable<Uint8Array>;
    } else if (this.bytes > 0) yield Buffer.concat(this.#waiting.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.destroy();
    await rm(this.#path, { force: true });
  }

  #write(): void {
    this.#stream ??= createWriteStream(this.#path);
    this.#stream.write(Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

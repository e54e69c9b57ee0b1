import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { csvLine } from '../formats/canonicalCsv.ts';
import type { KeptReject } from './keptReject.ts';

/** Rejects of one reading of one file, kept on disk as CSV because there may be as many as rows. */
export class RejectLog implements AsyncDisposable {
  readonly #path: string;
  #stream: WriteStream | null = null;
  #waiting = '';
  count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add({ text, line, column, reason, format, context }: KeptReject): void {
    this.count++;
    const place = line === null ? null : String(line);
    this.#waiting += csvLine([text, place, column, reason, format, context]);
    if (this.#waiting.length > 1 << 16) this.#write();
  }

  /** Waits until the disk has caught up. */
  async drain(): Promise<void> {
    if (this.#stream?.writableNeedDrain === true) await once(this.#stream, 'drain');
  }

  /** Everything added, as canonical CSV. Nothing is added after it. */
  async *read(): AsyncGenerator<Uint8Array> {
    if (this.count === 0) return;
    this.#write();
    this.#stream?.end();
    if (this.#stream !== null) await finished(this.#stream);
    yield* createReadStream(this.#path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.destroy();
    await rm(this.#path, { force: true });
  }

  #write(): void {
    this.#stream ??= createWriteStream(this.#path);
    this.#stream.write(this.#waiting);
    this.#waiting = '';
  }
}

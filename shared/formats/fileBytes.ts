import { createHash } from 'node:crypto';
import type { LandedFile } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';

const mostKeptBytes = 8 * 2 ** 20;

/**
 * A landed file's bytes, read as often as needed. The first megabytes are kept, so that looking at a file and then
 * loading it asks for every byte once.
 */
export class FileBytes {
  readonly file: LandedFile;
  readonly #signal: AbortSignal;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isWhole = false;
  /** SHA-256 of the file, hex; null until it was read to its end. */
  contentHash: string | null = null;

  constructor(file: LandedFile, signal: AbortSignal) {
    this.file = file;
    this.#signal = signal;
  }

  /** At least the first `count` bytes, or the whole file where it is shorter. */
  async head(count: number): Promise<Uint8Array> {
    if (this.#keptBytes < count && !this.#isWhole) {
      for await (const _ of this.read()) if (this.#keptBytes >= count) break;
    }
    return Buffer.concat(this.#kept, Math.min(count, this.#keptBytes));
  }

  /**
   * All bytes from the start. Read to the end, it sets `contentHash`; throws `file_changed` when the length, or a
   * later reading's hash, is not the file's.
   */
  async *read(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let bytes = 0;
    for (const chunk of this.#kept) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    if (!this.#isWhole)
      for await (const chunk of this.file.open(bytes)) {
        this.#signal.throwIfAborted();
        hash.update(chunk);
        if (bytes === this.#keptBytes && bytes < mostKeptBytes) {
          // Copied: the reader may hand out its buffer again.
          this.#kept.push(Buffer.from(chunk));
          this.#keptBytes += chunk.length;
        }
        bytes += chunk.length;
        yield chunk;
      }
    if (bytes === this.#keptBytes) this.#isWhole = true;
    const digest = hash.digest('hex');
    if (bytes !== this.file.bytes || (this.contentHash ?? digest) !== digest)
      throw new HeadgateError('file_changed', `${this.file.name} changed while it was read.`, {
        facts: { file: this.file.name, bytes, expectedBytes: this.file.bytes },
      });
    this.contentHash = digest;
  }

  /** Lets go of the kept bytes. */
  release(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#isWhole = false;
  }
}

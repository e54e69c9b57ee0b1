import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, link, open, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A run of bytes of an object: a whole blob. */
export interface Segment {
  readonly blob: string;
  readonly bytes: number;
}

/** Chunks are gathered to this size before they are written: fewer, larger writes. */
const writeBytes = 512 * 1024;

/**
 * Immutable files, one per blob, named by chance. A blob is complete and on disk (fsync of file and folder)
 * before anyone learns its name; what the index does not name is rubbish and is swept at the next start.
 * A blob that is being read is removed only when its last reader is done.
 */
export class BlobStore {
  readonly #folder: string;
  /** Written or being written, and not yet named by the index. */
  readonly #unclaimed = new Set<string>();
  readonly #readers = new Map<string, number>();
  readonly #discarded = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
    // The last one says that all are there.
    if (existsSync(join(folder, 'ff'))) return;
    for (let first = 0; first < 256; first++)
      mkdirSync(join(folder, first.toString(16).padStart(2, '0')), { recursive: true });
  }

  #path(blob: string): string {
    return join(this.#folder, blob.slice(0, 2), blob);
  }

  #newName(): string {
    const blob = randomBytes(16).toString('hex');
    this.#unclaimed.add(blob);
    return blob;
  }

  async #syncFolder(blob: string): Promise<void> {
    await using folder = await open(join(this.#folder, blob.slice(0, 2)));
    await folder.sync();
  }

  /** Writes all chunks durably and answers the blob's name; leaves nothing when `chunks` throws. */
  async write(chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const blob = this.#newName();
    try {
      await using file = await open(this.#path(blob), 'wx');
      await writeAll(file, chunks);
      await file.sync();
      await this.#syncFolder(blob);
      return blob;
    } catch (error) {
      await this.discard([blob]);
      throw error;
    }
  }

  /** A second name for the same bytes, at no cost. */
  async copy(blob: string): Promise<string> {
    const copy = this.#newName();
    try {
      await link(this.#path(blob), this.#path(copy));
      await this.#syncFolder(copy);
      return copy;
    } catch (error) {
      await this.discard([copy]);
      throw error;
    }
  }

  /** The index names these now. MUST be called in the tick of the commit that does. */
  claim(blobs: Iterable<string>): void {
    for (const blob of blobs) this.#unclaimed.delete(blob);
  }

  /** Removes blobs the index does not name, once nobody reads them. Never throws: the sweep would find them. */
  async discard(blobs: Iterable<string>): Promise<void> {
    for (const blob of blobs) {
      if (this.#readers.has(blob)) {
        this.#discarded.add(blob);
        continue;
      }
      await rm(this.#path(blob), { force: true }).catch(() => undefined);
      this.#unclaimed.delete(blob);
    }
  }

  /**
   * Bytes `from` to `to` (both included) of segments laid end to end. The segments are held from this call on
   * until the reader is done or `release` is called, whatever happens to the object meanwhile.
   */
  read(
    segments: readonly Segment[],
    from: number,
    to: number,
  ): { chunks: AsyncIterable<Uint8Array>; release: () => void } {
    const wanted: { blob: string; start: number; end: number }[] = [];
    let offset = 0;
    for (const { blob, bytes } of segments) {
      const start = Math.max(from, offset) - offset;
      const end = Math.min(to, offset + bytes - 1) - offset;
      if (start <= end) wanted.push({ blob, start, end });
      offset += bytes;
    }
    for (const { blob } of wanted) this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      for (const { blob } of wanted) this.#release(blob);
    };
    const path = (blob: string): string => this.#path(blob);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        for (const { blob, start, end } of wanted)
          yield* createReadStream(path(blob), { start, end, highWaterMark: writeBytes });
      } finally {
        release();
      }
    }
    return { chunks: chunks(), release };
  }

  #release(blob: string): void {
    const readers = (this.#readers.get(blob) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(blob, readers);
      return;
    }
    this.#readers.delete(blob);
    if (this.#discarded.delete(blob)) void this.discard([blob]);
  }

  /** Removes what a crash left behind: files that are neither named by the index nor being written. */
  async sweep(isNamed: (blob: string) => boolean, signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (let first = 0; first < 256; first++) {
      const folder = join(this.#folder, first.toString(16).padStart(2, '0'));
      for await (const { name } of await opendir(folder)) {
        if (signal.aborted) return removed;
        if (this.#unclaimed.has(name) || this.#readers.has(name) || isNamed(name)) continue;
        await this.discard([name]);
        removed += 1;
      }
    }
    return removed;
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let [gathered, bytes]: [Uint8Array[], number] = [[], 0];
  const flush = async (): Promise<void> => {
    // A short write is possible by contract; what is left is written again.
    let rest = Buffer.concat(gathered, bytes);
    while (rest.length > 0) rest = rest.subarray((await file.write(rest)).bytesWritten);
    [gathered, bytes] = [[], 0];
  };
  for await (const chunk of chunks) {
    gathered.push(chunk);
    bytes += chunk.length;
    if (bytes >= writeBytes) await flush();
  }
  await flush();
}

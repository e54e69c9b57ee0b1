import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A named pipe into DuckDB: what is written here is what `read_csv(path)` reads, with 64 KB in between. */
export interface Fifo extends AsyncDisposable {
  readonly path: string;
  /**
   * Writes the blocks one behind the other. Resolves when the kernel took every byte, so that their memory may be
   * used again. Waits while nobody reads.
   */
  write(...blocks: readonly Uint8Array[]): Promise<void>;
  /** The reader sees the end of the file. */
  end(): Promise<void>;
  /** Makes a writer that waits for a reader give up; for when the reader failed. */
  release(): Promise<void>;
}

/** What is left of blocks whose first `count` bytes are written. */
function behind(blocks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let written = count;
  let whole = 0;
  while (whole < blocks.length && written >= (blocks[whole] as Uint8Array).length)
    written -= (blocks[whole++] as Uint8Array).length;
  const [cut, ...others] = blocks.slice(whole);
  return cut === undefined ? [] : [cut.subarray(written), ...others];
}

/** Makes the pipe. Node cannot, so coreutils does (they are in Lambda's images), in 5 ms or more. */
export async function makeFifo(path: string): Promise<Fifo> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
  return fifoAt(path, () => rm(path, { force: true }));
}

/**
 * A pipe that is there. Opening for writing waits for a reader in a thread of libuv's pool, of which there are four:
 * MUST be released when the reader failed. `dispose`: told whether the pipe may be used again.
 */
export function fifoAt(path: string, dispose: (isSound: boolean) => Promise<void>): Fifo {
  let handle: Promise<FileHandle> | null = null;
  let released: Promise<void> | null = null;
  const opened = (): Promise<FileHandle> => {
    // Nobody will ever read: opening would wait for ever.
    if (released !== null) return Promise.reject(new Error('the pipe has no reader any more'));
    handle ??= open(path, 'w');
    return handle;
  };
  const end = async (): Promise<void> => {
    // Opened even when nothing was written: the reader's own open waits for it.
    await (await opened()).close();
    handle = null;
  };
  const letGo = async (): Promise<void> => {
    if (handle === null) return;
    // A reader that opens and goes away unblocks the writer's open, and its writes fail with EPIPE.
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await handle?.catch(() => undefined);
    await reader.close();
    await writer?.close().catch(() => undefined);
    handle = null;
  };
  // Once: whoever asks again waits for the same, so that the pipe is there until it is done.
  const release = (): Promise<void> => {
    released ??= letGo();
    return released;
  };
  return {
    path,
    async write(...blocks) {
      const file = await opened();
      // The kernel may take less than everything.
      for (let rest = blocks; rest.length > 0; )
        rest = behind(rest, (await file.writev(rest)).bytesWritten);
    },
    end,
    release,
    async [Symbol.asyncDispose]() {
      if (handle !== null || released !== null) await release();
      const isSound = released === null;
      released ??= Promise.resolve();
      await dispose(isSound);
    },
  };
}

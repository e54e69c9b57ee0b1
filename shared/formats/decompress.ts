import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { HeadgateError } from '../errors.ts';
import type { Compression } from './detectFormat.ts';
import { fileUnreadable } from './fileUnreadable.ts';
import { zstdFrames } from './zstdFrames.ts';

/**
 * A file that grows more than this is taken for a bomb, once it passed the free amount: gzip's utmost is 1,032,
 * real tables stay below 200.
 */
const mostExpansion = 500;
const freeBytes = 100 * 2 ** 20;

/**
 * Decompresses while it is read. Throws `file_unreadable` for bytes that are cut off or damaged, and for a file that
 * expands without end.
 */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') {
    yield* chunks;
    return;
  }
  let taken = 0;
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      taken += chunk.length;
      yield chunk;
    }
  }
  try {
    const plain = compression === 'gzip' ? through(counted(), createGunzip()) : unzstd(counted());
    for await (const chunk of plain) {
      given += chunk.length;
      if (given > freeBytes && given > taken * mostExpansion)
        throw fileUnreadable(
          `The file expands to more than ${mostExpansion} times its size. Upload it without compression.`,
          { compressedBytes: taken, bytes: given },
        );
      yield chunk;
    }
  } catch (error) {
    throw asUnreadable(error, compression);
  }
}

async function* through(
  chunks: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  // Destroyed on either side, both are: an early `return` of the reader closes the source too.
  pipeline(
    Readable.from(chunks, { objectMode: false, highWaterMark: 1 << 18 }),
    transform,
    () => {},
  );
  for await (const chunk of transform) yield chunk as Uint8Array;
}

async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = zstdFrames(chunks);
  try {
    for (let first = await frames.next(); first.done !== true; first = await frames.next()) {
      let part = first.value;
      async function* frame(): AsyncGenerator<Uint8Array> {
        while (true) {
          if (part.bytes.length > 0) yield part.bytes;
          if (part.endsFrame) return;
          const following = await frames.next();
          if (following.done === true) return;
          part = following.value;
        }
      }
      yield* through(frame(), createZstdDecompress());
    }
  } finally {
    await frames.return(undefined);
  }
}

function asUnreadable(error: unknown, compression: Compression): unknown {
  if (error instanceof HeadgateError || !(error instanceof Error) || !('code' in error))
    return error;
  const code = String(error.code);
  if (code === 'Z_BUF_ERROR')
    return fileUnreadable(
      `The file is cut off: its ${compression} data ends in the middle. Upload it again.`,
      {},
      error,
    );
  return code.startsWith('Z_') || code.startsWith('ZSTD_')
    ? fileUnreadable(`The file's ${compression} data is damaged: ${error.message}.`, {}, error)
    : error;
}

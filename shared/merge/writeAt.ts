import type { FileHandle } from 'node:fs/promises';

/** Writes all bytes at a place of a file; a full disk takes some of them first and fails with the next. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, from: number): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await handle.write(
      bytes,
      offset,
      bytes.length - offset,
      from + offset,
    );
    offset += bytesWritten;
  }
}

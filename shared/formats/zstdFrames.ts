import { fileUnreadable } from './fileUnreadable.ts';

/** Bytes of a zstd file, and whether its frame ends with them. */
export interface FramePart {
  readonly bytes: Uint8Array;
  readonly endsFrame: boolean;
}

/**
 * Cuts a zstd file into its frames (RFC 8878, section 3.1). Node's decompressor stops behind the first frame and
 * says nothing (24.21): of a file of several frames, as `pzstd` and `cat a.zst b.zst` make them, the rest would be
 * lost. Skippable frames are left out. Throws `file_unreadable` where something else follows a frame.
 */
export async function* zstdFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FramePart> {
  let rest: Uint8Array = new Uint8Array();
  let offset = 0;
  const iterator = chunks[Symbol.asyncIterator]();
  /** True when at least `count` bytes are there. */
  const need = async (count: number): Promise<boolean> => {
    while (rest.length < count) {
      const { value, done } = await iterator.next();
      if (done === true) return false;
      rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    }
    return true;
  };
  const take = (count: number): Uint8Array => {
    const bytes = rest.subarray(0, count);
    rest = rest.subarray(count);
    offset += count;
    return bytes;
  };
  async function* pass(count: number): AsyncGenerator<FramePart> {
    for (let left = count; left > 0; ) {
      if (!(await need(1))) throw truncated();
      const bytes = take(Math.min(left, rest.length));
      left -= bytes.length;
      yield { bytes, endsFrame: false };
    }
  }

  try {
    while (await need(1)) {
      if (!(await need(8))) throw rest.length < 4 ? strange(offset) : truncated();
      const magic = Buffer.from(rest.subarray(0, 4)).readUInt32LE();
      if (magic >>> 4 === 0x184d2a5) {
        const size = Buffer.from(rest.subarray(4, 8)).readUInt32LE();
        take(8);
        for await (const _ of pass(size));
        continue;
      }
      if (magic !== 0xfd2fb528) throw strange(offset);
      const descriptor = rest[4] as number;
      const header = headerSize(descriptor);
      if (!(await need(header))) throw truncated();
      yield { bytes: take(header), endsFrame: false };
      for (let isLast = false; !isLast; ) {
        if (!(await need(3))) throw truncated();
        const block =
          (rest[0] as number) | ((rest[1] as number) << 8) | ((rest[2] as number) << 16);
        isLast = (block & 1) === 1;
        const isRepeated = ((block >> 1) & 3) === 1;
        yield { bytes: take(3), endsFrame: false };
        yield* pass(isRepeated ? 1 : block >>> 3);
      }
      const checksum = (descriptor & 4) === 0 ? 0 : 4;
      if (!(await need(checksum))) throw truncated();
      yield { bytes: take(checksum), endsFrame: true };
    }
  } finally {
    await iterator.return?.();
  }
}

/** Magic, descriptor, window, dictionary id and content size. */
function headerSize(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3] as number;
  return 4 + 1 + (isSingleSegment ? 0 : 1) + dictionaryId + contentSize;
}

const truncated = (): Error =>
  fileUnreadable('The file is cut off: its zstd data ends in the middle. Upload it again.');
const strange = (offset: number): Error =>
  fileUnreadable(`At byte ${offset} something follows the zstd data that is none.`, { offset });

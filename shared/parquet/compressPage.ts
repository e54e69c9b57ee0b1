import { constants, zstdCompress } from 'node:zlib';

const params = {
  [constants.ZSTD_c_compressionLevel]: 1,
  // Readers know a page's size from its header, and a check sum would only be read over.
  [constants.ZSTD_c_checksumFlag]: 0,
};

/** A compressor takes longer to set up than so few bytes are worth; such pages are stored, as zstd frames. */
const fewBytes = 1024;

/**
 * Compresses with zstd at level 1, on libuv's threads. The output's buffer mostly holds the whole answer at once: with
 * zlib's usual 16 KB a page of a megabyte would go back and forth sixty times, at 1.8 times the price (measured).
 */
export const compressPage = (page: Uint8Array): Promise<Buffer> =>
  page.length <= fewBytes ? Promise.resolve(storedFrame(page)) : compressed(page);

const compressed = (page: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // Most pages become a quarter or less; where one does not, its answer comes in several parts.
    const chunkSize = Math.max(4096, page.length >> 2);
    zstdCompress(page, { params, chunkSize, pledgedSrcSize: page.length }, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });

/**
 * A zstd frame of one raw block (RFC 8878, sections 3.1.1 and 3.1.1.2): magic number, a descriptor that says "single
 * segment" and how wide the content's size is, that size, the block's header, the bytes.
 */
function storedFrame(page: Uint8Array): Buffer {
  const isShort = page.length < 256;
  const header = isShort ? 9 : 10;
  const frame = Buffer.allocUnsafe(header + page.length);
  frame.writeUInt32LE(0xfd2fb528, 0);
  frame[4] = isShort ? 0x20 : 0x60;
  // Sizes of two bytes begin where those of one end.
  if (isShort) frame[5] = page.length;
  else frame.writeUInt16LE(page.length - 256, 5);
  const isLast = 1;
  frame.writeUIntLE((page.length << 3) | isLast, header - 3, 3);
  frame.set(page, header);
  return frame;
}

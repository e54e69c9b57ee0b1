import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../shared/formats/decompress.ts';
import { seededRandom } from './seededRandom.ts';

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const unpack = async (
  bytes: Uint8Array,
  compression: 'gzip' | 'zstd',
  size = 1000,
): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(decompress(chunked(bytes, size), compression)));

const random = seededRandom('decompress');
const noise = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 256)));
const plain = Buffer.concat([Buffer.from('some text\n'.repeat(30_000)), noise]);

describe.each([
  ['gzip' as const, (bytes: Buffer) => gzipSync(bytes)],
  [
    'zstd' as const,
    (bytes: Buffer) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  ],
])('%s', (compression, pack) => {
  it.each([
    1,
    7,
    1000,
    1 << 20,
  ])('gives every byte back, of one part and of several, in chunks of %i', async (size) => {
    const small = Buffer.from('tail');
    const source = size === 1 ? plain.subarray(250_000, 310_000) : plain;
    expect((await unpack(pack(source), compression, size)).equals(source)).toBe(true);
    const parts = Buffer.concat([pack(source), pack(small), pack(Buffer.alloc(0)), pack(small)]);
    expect(
      (await unpack(parts, compression, size)).equals(Buffer.concat([source, small, small])),
    ).toBe(true);
  });

  it('says that a file is cut off, wherever it is', async () => {
    const packed = pack(plain);
    for (const cut of [1, 3, 5, 20, 1000, packed.length - 20])
      await expect(
        unpack(packed.subarray(0, packed.length - cut), compression),
      ).rejects.toMatchObject({
        code: 'file_unreadable',
        message: expect.stringContaining('cut off'),
      });
    const second = Buffer.concat([pack(plain), packed.subarray(0, packed.length >> 1)]);
    await expect(unpack(second, compression)).rejects.toMatchObject({ code: 'file_unreadable' });
  });

  it('says that a file is damaged', async () => {
    const packed = Buffer.from(pack(plain));
    packed.fill(0x55, 1000, 1100);
    await expect(unpack(packed, compression)).rejects.toMatchObject({ code: 'file_unreadable' });
  });

  it('refuses what follows the data and is none', async () => {
    await expect(
      unpack(Buffer.concat([pack(plain), Buffer.from('garbage!')]), compression),
    ).rejects.toMatchObject({ code: 'file_unreadable' });
  });

  it('stops at a bomb before it has filled the disk', async () => {
    const zeros = Buffer.alloc(64 * 2 ** 20);
    const packed = pack(zeros);
    const bomb = Buffer.concat(Array.from({ length: 40 }, () => packed));
    let given = 0;
    await expect(
      (async () => {
        for await (const chunk of decompress(chunked(bomb, 65_536), compression))
          given += chunk.length;
      })(),
    ).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('expands'),
    });
    expect(given).toBeLessThan(bomb.length === 0 ? 0 : 40 * zeros.length);
  });

  it('closes its source when the reader turns away', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        const packed = pack(plain);
        while (true) yield* chunked(packed, 1000);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of decompress(source(), compression)) break;
    await expect.poll(() => isClosed, { timeout: 2000 }).toBe(true);
  });
});

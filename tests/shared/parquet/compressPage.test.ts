import { zstdDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { compressPage } from '../../../shared/parquet/compressPage.ts';

it.each([
  0, 1, 255, 256, 257, 1023, 1024, 1025, 70_000,
])('makes a zstd frame of %i bytes that others read', async (length) => {
  const page = Buffer.from(Array.from({ length }, (_, index) => (index * 31) & 0xff));
  expect(zstdDecompressSync(await compressPage(page))).toEqual(page);
});

it('stores few bytes as they are, and makes more of them smaller', async () => {
  expect((await compressPage(Buffer.alloc(200, 7))).length).toBe(209);
  expect((await compressPage(Buffer.alloc(900, 7))).length).toBe(910);
  expect((await compressPage(Buffer.alloc(5000, 7))).length).toBeLessThan(100);
});

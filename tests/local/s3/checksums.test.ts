import { describe, expect, it } from 'vitest';
import {
  type ChecksumAlgorithm,
  combineChecksums,
  createChecksum,
} from '../../../local/s3/checksums.ts';
import { pattern } from './promises/s3UnderTest.ts';

const sumOf = (algorithm: ChecksumAlgorithm, data: Uint8Array, piece = data.length): string => {
  const running = createChecksum(algorithm);
  for (let at = 0; at < data.length; at += piece) running.update(data.subarray(at, at + piece));
  return running.digest().toString('base64');
};
const crcs = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;

describe('checksums', () => {
  it('do not depend on how the bytes arrive', () => {
    const data = pattern(1000);
    for (const algorithm of crcs)
      for (const piece of [1, 3, 7, 8, 9, 64, 999])
        expect([algorithm, piece, sumOf(algorithm, data, piece)]).toEqual([
          algorithm,
          piece,
          sumOf(algorithm, data),
        ]);
  });

  it('of parts put together are those of the whole, for parts of any length', () => {
    for (const algorithm of crcs)
      for (const lengths of [
        [1],
        [0, 5],
        [5, 0],
        [1, 2, 3],
        [8192, 1, 65_537],
        [3, 100_000, 0, 7],
      ]) {
        const pieces = lengths.map((bytes, index) => pattern(bytes, index + 1));
        const parts = pieces.map((piece) => ({
          value: sumOf(algorithm, piece),
          bytes: piece.length,
        }));
        expect(combineChecksums(algorithm, 'FULL_OBJECT', parts).value).toBe(
          sumOf(algorithm, Buffer.concat(pieces)),
        );
      }
  });
});

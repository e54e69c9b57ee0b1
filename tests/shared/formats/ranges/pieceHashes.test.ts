import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { hashOfPieces, PieceHashes } from '../../../../shared/formats/ranges/pieceHashes.ts';
import { seeded } from '../../../randomness.ts';

it('a file has one hash however its stretches and chunks are cut', () => {
  const random = seeded('piece hashes');
  const pieceBytes = 10;
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(Array.from({ length: random.below(95) }, () => random.below(256)));
    const expected = [];
    for (let at = 0; at < bytes.length; at += pieceBytes)
      expected.push(
        createHash('sha256')
          .update(bytes.subarray(at, at + pieceBytes))
          .digest('hex'),
      );
    const found: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const to = Math.min(bytes.length, at + pieceBytes * (1 + random.below(3)));
      const hashes = new PieceHashes(pieceBytes);
      while (at < to) {
        const next = Math.min(to, at + 1 + random.below(13));
        hashes.scan(bytes.subarray(at, next));
        at = next;
      }
      found.push(...hashes.pieces());
    }
    expect(found).toEqual(expected);
    expect(hashOfPieces(found)).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(hashOfPieces(['00'])).not.toBe(hashOfPieces(['01']));
});

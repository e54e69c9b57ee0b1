import { describe, expect, it } from 'vitest';
import { blockBytes, RowBuffer } from '../../../../shared/connectors/sql/rowBuffer.ts';
import { seeded } from '../../../randomness.ts';

const write = (buffer: RowBuffer, row: Buffer): void => {
  buffer.reserve(row.length);
  row.copy(buffer.bytes, buffer.end);
  buffer.end += row.length;
  buffer.endRow();
};

describe('RowBuffer', () => {
  it('hands over every byte once and in order, whatever arrives while a block is read', () => {
    const random = seeded('rows through a buffer');
    const buffer = new RowBuffer();
    let written = 0;
    const row = (): Buffer => {
      const long = random.chance(0.001) ? blockBytes * random.below(5) : 0;
      return Buffer.from(`${written++},"${'x'.repeat(random.below(200) + long)}"\n`);
    };
    const expected: Buffer[] = [];
    const seen: Buffer[] = [];
    const arrive = (): void => {
      for (let rows = random.below(3000); rows > 0 && !buffer.full; rows--) {
        const next = row();
        expected.push(next);
        write(buffer, next);
      }
    };
    for (let round = 0; round < 300; round++) {
      arrive();
      if (buffer.rows === 0) continue;
      const block = buffer.take(random.chance(0.5) ? 100_000 : 1 + random.below(50));
      // The wire goes on while somebody reads the block.
      arrive();
      seen.push(Buffer.from(block.bytes));
      const last = block.last()[1] ?? '';
      expect(Buffer.from(block.bytes).toString('utf8').endsWith(`"${last}"\n`)).toBe(true);
    }
    while (buffer.rows > 0) seen.push(Buffer.from(buffer.take(100_000).bytes));
    expect(Buffer.concat(seen).equals(Buffer.concat(expected))).toBe(true);
  });

  it('makes no new buffers for rows of the usual lengths', () => {
    const buffer = new RowBuffer();
    const used = new Set<ArrayBufferLike>();
    const row = Buffer.alloc(100, 'x');
    for (let block = 0; block < 50; block++) {
      while (!buffer.full) write(buffer, row);
      used.add(buffer.take(100_000).bytes.buffer);
    }
    expect(used.size).toBe(2);
  });
});

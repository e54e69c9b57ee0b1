import { describe, expect, it } from 'vitest';
import {
  columnTypeOf,
  mergeEvidence,
  noEvidence,
} from '../../../../shared/formats/columnEvidence.ts';
import type { CsvDialect } from '../../../../shared/formats/csv/cellAutomaton.ts';
import { CsvScanner } from '../../../../shared/formats/csv/csvScanner.ts';
import { type CutResult, cutRows } from '../../../../shared/formats/ranges/cutRows.ts';
import {
  csvRows,
  lineRows,
  type RowAutomaton,
} from '../../../../shared/formats/ranges/rowAutomaton.ts';
import { SegmentScanner } from '../../../../shared/formats/ranges/segmentScanner.ts';
import type { Reject } from '../../../../shared/formats/reject.ts';
import { type Randomness, seeded } from '../../../randomness.ts';
import { dialects, randomCsv } from './randomCsv.ts';

const longestRowBytes = 1 << 24;

interface Read {
  readonly kept: string;
  readonly rows: number;
  readonly rejects: readonly Reject[];
  readonly scanner: CsvScanner;
}

const columnNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `c${index}`);

function read(bytes: Uint8Array, dialect: CsvDialect, columns: number, firstLine: number): Read {
  const rejects: Reject[] = [];
  const scanner = new CsvScanner({
    dialect,
    columns: columnNames(columns),
    firstLine,
    reject: (reject) => rejects.push(reject),
  });
  const block = Buffer.from(bytes);
  const { kept } = scanner.scan(block, true);
  return { kept: block.toString('utf8', 0, kept), rows: scanner.rows, rejects, scanner };
}

/** Cuts at random places, each stretch read by itself in random chunks. */
function cut(
  bytes: Uint8Array,
  automaton: RowAutomaton,
  random: Randomness,
  stretchBytes: number,
  options: { readonly from?: number; readonly firstLine?: number; longestRowBytes?: number } = {},
): CutResult {
  const { from = 0, firstLine = 1 } = options;
  const stretches = [];
  for (let at = from; at < bytes.length; ) {
    const to = Math.min(bytes.length, at + 1 + random.below(stretchBytes));
    const scanner = new SegmentScanner(automaton);
    while (at < to) {
      const next = Math.min(to, at + 1 + random.below(stretchBytes));
      scanner.scan(bytes.subarray(at, next));
      at = next;
    }
    stretches.push(scanner.segments());
  }
  return cutRows(stretches, {
    longestRowBytes,
    ...options,
    from,
    firstLine,
    isQuoted: automaton.isQuoted,
  });
}

const withoutCarriageReturns = (text: string): string => text.replaceAll('\r\n', '\n');

describe('rows cut at random places', () => {
  it('are the rows of one reading, with its rejects, its lines and its evidence', () => {
    const random = seeded('cut rows');
    let [cuts, doubtful, ranges] = [0, 0, 0];
    for (let round = 0; round < 400; round++) {
      const dialect = random.pick(dialects);
      const columns = 1 + random.below(4);
      const flaws = random.pick([0, 0, 0.02, 0.3]);
      const text = randomCsv(random, { dialect, columns, rows: 1 + random.below(40), flaws });
      const bytes = Buffer.from(text);
      const one = read(bytes, dialect, columns, 5);
      const result = cut(bytes, csvRows(dialect), random, random.pick([1, 3, 17, 200]), {
        firstLine: 5,
      });
      const context = JSON.stringify({ seed: random.seed, round, dialect, columns, text });
      if (result.kind === 'doubtful') {
        expect(flaws, context).toBeGreaterThan(0);
        doubtful++;
        continue;
      }
      cuts++;
      ranges += result.ranges.length;
      const parts = result.ranges.map(({ from, to, firstLine }) =>
        read(bytes.subarray(from, to), dialect, columns, firstLine),
      );
      const rejects = parts.flatMap((part) => part.rejects);
      expect(rejects, context).toEqual(one.rejects);
      expect(withoutCarriageReturns(parts.map(({ kept }) => kept).join('')), context).toBe(
        withoutCarriageReturns(one.kept),
      );
      expect(
        parts.reduce((sum, { rows }) => sum + rows, 0),
        context,
      ).toBe(one.rows);
      for (let column = 0; column < columns; column++) {
        const merged = parts
          .map(({ scanner }) => scanner.evidence[column]!)
          .reduce(mergeEvidence, noEvidence());
        const { kinds, integerDigits, scale } = one.scanner.evidence[column]!;
        const type = columnTypeOf(one.scanner.evidence[column]!);
        expect(columnTypeOf(merged), context).toBe(type);
        // Of a column of text nothing more is learnt.
        if (type !== 'string')
          expect(merged, context).toMatchObject({ kinds, integerDigits, scale });
      }
    }
    expect(cuts).toBeGreaterThan(150);
    expect(ranges / cuts).toBeGreaterThan(2);
    expect(doubtful).toBeGreaterThan(5);
  });

  it('leave no byte out and take none twice', () => {
    const random = seeded('cut bytes');
    for (let round = 0; round < 300; round++) {
      const dialect = random.pick(dialects);
      const bytes = Buffer.from(randomCsv(random, { dialect, columns: 3, rows: 20, flaws: 0 }));
      const result = cut(bytes, csvRows(dialect), random, 30);
      if (result.kind === 'doubtful') expect.unreachable(`${random.seed} ${round}`);
      let at = 0;
      for (const { from, to } of result.ranges) {
        expect(from).toBe(at);
        expect(to).toBeGreaterThan(from);
        at = to;
      }
      expect(at).toBe(bytes.length);
    }
  });

  it('begin behind what stands above them', () => {
    const bytes = Buffer.from('title\nid,name\n1,"a\nb"\n2,c\n');
    const random = seeded('cut from');
    const from = bytes.indexOf('1,');
    const result = cut(bytes, csvRows(dialects[0]!), random, 3, { from, firstLine: 3 });
    expect(result).toMatchObject({ kind: 'cut' });
    const ranges = result.kind === 'cut' ? result.ranges : [];
    expect(ranges[0]).toMatchObject({ from, firstLine: 3 });
    expect(ranges.at(-1)).toEqual({ from: bytes.indexOf('2,'), to: bytes.length, firstLine: 5 });
  });

  it('are not cut where a quote is never closed, where quotes are broken over lines, or rows are too long', () => {
    const random = seeded('doubtful');
    const automaton = csvRows(dialects[0]!);
    const reasonOf = (text: string, longest = 100): string | null => {
      const result = cut(Buffer.from(text), automaton, random, 4, { longestRowBytes: longest });
      return result.kind === 'doubtful' ? result.reason : null;
    };
    expect(reasonOf('1,"a\n2,b\n')).toMatch(/quote is open/);
    expect(reasonOf('1,"a\n2,"b\n3,c\n')).toMatch(/behind a closing quote/);
    expect(reasonOf(`1,${'x'.repeat(101)}\n2,b\n`)).toMatch(/longer than 100 bytes/);
    expect(reasonOf(`1,a\n2,"${'x\n'.repeat(60)}"\n3,b\n`)).toMatch(/longer than 100 bytes/);
    expect(reasonOf('1,"a"b\n2,c"d\n3,"e"\n')).toBeNull();
  });
});

describe('records of one line each', () => {
  it('are cut at line feeds, whatever they say', () => {
    const random = seeded('lines');
    for (let round = 0; round < 200; round++) {
      const lines = Array.from({ length: 1 + random.below(30) }, () =>
        random.pick(['{"a":"\\"\\n"}', '', '{"b":[1,2]}\r', 'nonsense"', '{"é":"😀"}']),
      );
      const bytes = Buffer.from(lines.join('\n'));
      const result = cut(bytes, lineRows(), random, 12);
      if (result.kind === 'doubtful') expect.unreachable(`${random.seed} ${round}`);
      expect(result.ranges.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(bytes.length);
      for (const { from, firstLine } of result.ranges) {
        expect(from === 0 || bytes[from - 1] === 10).toBe(true);
        expect(firstLine).toBe(1 + bytes.subarray(0, from).filter((byte) => byte === 10).length);
      }
    }
  });
});

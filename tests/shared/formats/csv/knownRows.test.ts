import { describe, expect, it } from 'vitest';
import {
  type ColumnEvidence,
  columnTypeOf,
  mergeEvidence,
  noEvidence,
  nullsExpected,
} from '../../../../shared/formats/columnEvidence.ts';
import { type CsvDialect, cellAutomaton } from '../../../../shared/formats/csv/cellAutomaton.ts';
import { CsvScanner } from '../../../../shared/formats/csv/csvScanner.ts';
import { KnownRows } from '../../../../shared/formats/csv/knownRows.ts';
import type { Reject } from '../../../../shared/formats/reject.ts';
import { seededRandom } from '../seededRandom.ts';

const comma: CsvDialect = { delimiter: ',', quote: '"', quoteEscape: '"' };

interface Scanned {
  readonly evidence: readonly ColumnEvidence[];
  readonly rows: number;
  readonly longestRow: number;
  readonly kept: string;
  readonly rejects: readonly Reject[];
}

function scan(text: string, width: number, dialect: CsvDialect, blockBytes: number): Scanned {
  const rejects: Reject[] = [];
  const scanner = new CsvScanner({
    dialect,
    columns: Array.from({ length: width }, (_, index) => `c${index}`),
    firstLine: 1,
    reject: (reject) => rejects.push(reject),
  });
  const bytes = Buffer.from(text);
  let kept = '';
  let carried = Buffer.alloc(0);
  let at = 0;
  do {
    const block = Buffer.concat([carried, bytes.subarray(at, at + blockBytes)]);
    at += blockBytes;
    const result = scanner.scan(block, at >= bytes.length);
    kept += block.toString('utf8', 0, result.kept);
    carried = Buffer.from(block.subarray(result.consumed));
  } while (at < bytes.length);
  const { evidence, rows, longestRow } = scanner;
  return { evidence, rows, longestRow, kept, rejects };
}

/** Every row by a scanner that has seen no other, so that none is known. */
function scanEach(rows: readonly string[], width: number, dialect: CsvDialect): Scanned {
  let evidence: readonly ColumnEvidence[] = Array.from({ length: width }, noEvidence);
  let line = 0;
  const all = { rows: 0, longestRow: 0, kept: '', rejects: [] as Reject[] };
  for (const row of rows) {
    const one = scan(row, width, dialect, row.length * 4);
    evidence = one.evidence.map((seen, index) => {
      const before = evidence[index] as ColumnEvidence;
      return {
        ...mergeEvidence(before, seen),
        empties: before.empties + seen.empties,
        emptyQuoted: before.emptyQuoted + seen.emptyQuoted,
        blanks: before.blanks + seen.blanks,
      };
    });
    all.rows += one.rows;
    all.longestRow = Math.max(all.longestRow, one.longestRow);
    all.kept += one.kept;
    all.rejects.push(...one.rejects.map((reject) => ({ ...reject, line: reject.line + line })));
    line += row.split('\n').length - 1;
  }
  return { evidence, ...all };
}

type Draw = () => string;

/** What cells of a column usually look like; at times, anything. */
function columns(random: () => number): readonly Draw[] {
  const digits = (most: number): string =>
    String(Math.floor(random() * 10 ** (1 + Math.floor(random() * most))));
  const two = (below: number): string => String(Math.floor(random() * below)).padStart(2, '0');
  const day = (): string => `20${two(30)}-${two(14)}-${two(32)}`;
  const time = (): string => `${two(25)}:${two(60)}:${two(61)}`;
  const sign = (): string => (random() < 0.2 ? '-' : '');
  return [
    () => sign() + digits(6),
    () => sign() + digits(20),
    () => `${sign()}${digits(4)}.${digits(3)}`,
    () => `${sign()}${digits(12)}.${digits(12)}`,
    () => String((random() - 0.5) * 10 ** Math.floor(random() * 12 - 3)),
    () => `${digits(2)}e${sign()}${digits(2)}`,
    () => (random() < 0.5 ? 'true' : 'False'),
    day,
    () => `${day()} ${time()}`,
    () => `${day()}T${time()}.${digits(7)}Z`,
    () => `${day()}T${two(24)}:${two(60)}+0${digits(1)}:00`,
    () => `text ${digits(5)}`,
    () => 'ä€😀'.slice(0, 1 + Math.floor(random() * 3)),
    () => '',
    () => '""',
  ];
}

const odd = [
  '',
  '""',
  ' ',
  ' 7',
  '7 ',
  '007',
  '-',
  '-0',
  '0.',
  '.5',
  '1.5.2',
  '1e400',
  'NaN',
  '9223372036854775808',
  '0.30000000000000004',
  '0.3000000000000000',
  '2024-02-29',
  '2023-02-29',
  'a"b',
  '"q""q"',
  '"""q"',
  '"a\nb"',
  '"a\rb"',
  ' "s" ',
  '"t" ',
  '#',
  '\t',
];

describe('rows that say nothing new', () => {
  it('make no difference, whatever files are made of and wherever blocks end, for 600 random files', () => {
    const random = seededRandom('known rows');
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const makers = columns(random);
    let compared = 0;
    for (let file = 0; file < 600; file++) {
      const width = 1 + Math.floor(random() * 5);
      const delimiter = pick([',', ';', '\t']);
      const dialect = { ...comma, delimiter };
      const drawn = Array.from({ length: width }, () => pick(makers));
      const oddness = pick([0, 0.01, 0.1]);
      const ends = pick([['\n'], ['\r\n'], ['\n', '\r\n']]);
      const quoting = pick([0, 0, 0.3, 1]);
      const rows = Array.from({ length: 1 + Math.floor(random() * 200) }, () => {
        const count = random() < oddness ? pick([width - 1, width + 1]) : width;
        const cells = Array.from({ length: Math.max(count, 1) }, (_, index) => {
          const text = random() < oddness ? pick(odd) : pick([drawn[index] ?? pick(makers)])();
          return text.includes('"') || text === delimiter || random() >= quoting
            ? text.replaceAll(delimiter, '')
            : `"${text}"`;
        });
        return cells.join(delimiter) + pick(ends);
      });
      const text = rows.join('');
      const each = scanEach(rows, width, dialect);
      const whole = scan(text, width, dialect, pick([17, 300, 5000, 1 << 20]));
      const shown = JSON.stringify(text.slice(0, 2000));
      expect(whole.kept, shown).toBe(each.kept);
      expect(whole.rejects, shown).toEqual(each.rejects);
      expect([whole.rows, whole.longestRow], shown).toEqual([each.rows, each.longestRow]);
      for (const [index, expected] of each.evidence.entries()) {
        const seen = whole.evidence[index] as ColumnEvidence;
        const type = columnTypeOf(expected);
        expect(columnTypeOf(seen), shown).toBe(type);
        expect(nullsExpected(seen, type ?? 'string')).toBe(
          nullsExpected(expected, type ?? 'string'),
        );
        // Of a column of text nothing more is noted.
        if (type !== 'string') expect(seen, shown).toEqual(expected);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(600);
  });

  it('are walked over without being looked at, up to the first that says something', () => {
    const rows = ['1,a\n', '22,b\n', '7,"c, d"\n', '-3,\n', '4,""\n', '333,e\n', '5,f\n'];
    const evidence = [
      { ...noEvidence(), kinds: 1 << 4, integerDigits: 2, significantDigits: 2 },
      { ...noEvidence(), kinds: 1 << 3 },
    ];
    const known = new KnownRows(comma, cellAutomaton(comma), evidence);
    known.learn(0);
    known.learn(1);
    const block = Buffer.from(rows.join(''));
    expect(known.walk(block, 0, block.length - 1)).toBe(block.indexOf('333'));
    expect(known).toMatchObject({ rows: 5, longestRow: '7,"c, d"\n'.length });
    expect(evidence[1]).toMatchObject({ empties: 1, emptyQuoted: 1 });
  });

  it.each([
    { dialect: { ...comma, quoteEscape: '\\' }, row: '"a,b"\n', what: 'escaped otherwise' },
    { dialect: comma, row: ' "a,b"\n', what: 'behind spaces' },
  ])('have no quotes that are $what', ({ dialect, row }) => {
    const text = 'a,b\n'.repeat(3);
    const { rows, kept, rejects } = scan(`${text}${row}${text}`, 2, dialect, 1 << 20);
    expect({ rows, kept }).toEqual({ rows: 6, kept: text + text });
    expect(rejects).toMatchObject([{ line: 4, reason: '1 column where 2 are expected' }]);
  });

  it('leave quotes escaped by another character to be looked at', () => {
    const dialect = { ...comma, quoteEscape: '\\' };
    const text = '"a","b"\n'.repeat(3) + '"a\\"","b"\n'.repeat(3) + 'a,b\n'.repeat(3);
    const { rows, kept, rejects } = scan(text, 2, dialect, 1 << 20);
    expect({ rows, kept, rejects }).toEqual({ rows: 9, kept: text, rejects: [] });
  });
});

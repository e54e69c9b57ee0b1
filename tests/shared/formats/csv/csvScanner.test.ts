import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { beyondDoubleBit, cellKind, paddedBit } from '../../../../shared/formats/cellKind.ts';
import { classifyText } from '../../../../shared/formats/classifyText.ts';
import type { CsvDialect } from '../../../../shared/formats/csv/cellAutomaton.ts';
import { CsvScanner } from '../../../../shared/formats/csv/csvScanner.ts';
import type { Reject } from '../../../../shared/formats/reject.ts';
import { seededRandom } from '../seededRandom.ts';

const comma: CsvDialect = { delimiter: ',', quote: '"', quoteEscape: '"' };

interface Scanned {
  readonly scanner: CsvScanner;
  readonly kept: string;
  readonly rejects: readonly Reject[];
}

/** Scans in blocks of the given size, carrying unfinished rows over as `scanBlocks` does. */
function scan(
  text: string,
  width: number,
  { dialect = comma, blockBytes = 1 << 20, longestRowBytes = 1 << 24 } = {},
): Scanned {
  const rejects: Reject[] = [];
  const scanner = new CsvScanner({
    dialect,
    columns: Array.from({ length: width }, (_, index) => `column_${index + 1}`),
    firstLine: 1,
    reject: (reject) => rejects.push(reject),
    longestRowBytes,
  });
  let rest = Buffer.from(text);
  let carried = Buffer.alloc(0);
  let kept = '';
  do {
    const block = Buffer.concat([carried, rest.subarray(0, blockBytes)]);
    rest = rest.subarray(blockBytes);
    const result = scanner.scan(block, rest.length === 0);
    kept += block.toString('utf8', 0, result.kept);
    carried = Buffer.from(block.subarray(result.consumed));
  } while (rest.length > 0 || carried.length > 0);
  return { scanner, kept, rejects };
}

describe('kinds of cells', () => {
  const kindOf = (cell: string): { kind: number; padded: boolean } => {
    const { scanner } = scan(`${cell},x\n`, 2);
    const [evidence] = scanner.evidence;
    const kinds = evidence!.kinds;
    const padded = (kinds & paddedBit) !== 0;
    if (evidence!.empties > 0) return { kind: cellKind.empty, padded };
    if (evidence!.emptyQuoted > 0) return { kind: cellKind.emptyQuoted, padded };
    if (evidence!.blanks > 0) return { kind: cellKind.blank, padded };
    return { kind: Math.log2(kinds & ~(paddedBit | beyondDoubleBit)), padded };
  };

  it.each([
    ['', 'empty'],
    ['""', 'emptyQuoted'],
    ['   ', 'blank'],
    ['0', 'integer'],
    ['-17', 'integer'],
    ['"42"', 'integer'],
    ['9223372036854775807', 'integer'],
    ['9223372036854775808', 'wideInteger'],
    ['-9223372036854775808', 'integer'],
    ['00501', 'text'],
    ['-007', 'text'],
    ['+49', 'text'],
    ['1_000', 'text'],
    ['0x1F', 'text'],
    ['1.50', 'decimal'],
    ['.5', 'decimal'],
    ['5.', 'decimal'],
    ['00.5', 'text'],
    ['1e5', 'exponent'],
    ['1.5E-7', 'exponent'],
    ['1e400', 'text'],
    ['1e-400', 'text'],
    ['NaN', 'special'],
    ['-inf', 'special'],
    ['TRUE', 'boolean'],
    ['False', 'boolean'],
    ['yes', 'text'],
    ['2024-02-29', 'date'],
    ['2023-02-29', 'text'],
    ['"2023-02-29"', 'text'],
    ['"2024-02-29"', 'date'],
    ['1900-02-29', 'text'],
    ['2000-02-29', 'date'],
    ['2023-02-30', 'text'],
    ['2023-04-31', 'text'],
    ['2023-12-31', 'date'],
    ['2023-13-01', 'text'],
    ['0001-01-01', 'date'],
    ['0000-01-01', 'text'],
    ['10000-01-01', 'text'],
    ['01/02/2023', 'text'],
    ['2023/01/02', 'text'],
    ['2023-01-02 10:11', 'timestamp'],
    ['2023-01-02T10:11:12', 'timestamp'],
    ['2023-01-02T10:11:12.123456', 'timestamp'],
    ['2023-01-02T10:11:12.1234560', 'timestamp'],
    ['2023-01-02T10:11:12.1234567', 'text'],
    ['2023-01-02T24:00:00', 'text'],
    ['2023-01-02T10:11:60', 'text'],
    ['2023-01-02T10:11:12Z', 'timestamptz'],
    ['2023-01-02 10:11:12 UTC', 'timestamptz'],
    ['2023-01-02T10:11:12.5+05:30', 'timestamptz'],
    ['2023-01-02T10:11:12-0800', 'timestamptz'],
    ['2023-01-02T10:11:12+02', 'timestamptz'],
    ['2023-01-02T10:11Z', 'shortTimestamptz'],
    ['10:11:12', 'text'],
    ['#note', 'text'],
  ] as const)('takes %j for %s', (cell, kind) => {
    const name = Object.entries(cellKind).find(([, value]) => value === kindOf(cell).kind)?.[0];
    expect(name).toBe(kind);
  });

  it('sees what classifyText sees, of 60,000 random texts, plain and quoted', () => {
    const random = seededRandom('cell kinds');
    const pieces = [
      '0',
      '1',
      '2',
      '3',
      '9',
      '-',
      '-',
      '.',
      ':',
      'T',
      ' ',
      'Z',
      '+',
      'e',
      '20',
      '02',
      '2023',
      '-02-',
      '29',
      '10:',
      '00',
      'tr',
      'ue',
      'N',
      'a',
      'UTC',
      'é',
      '\t',
    ];
    const starts = [
      '',
      '',
      '2024-0',
      '2023-12-1',
      '2024-02-29',
      '2023-01-01T1',
      '2023-01-01 10:11:12',
      '-',
      '12',
      'fal',
      '1.',
      '9223372036854775',
    ];
    for (let count = 0; count < 30_000; count++) {
      let text = starts[Math.floor(random() * starts.length)]!;
      for (let length = Math.floor(random() * 6); length > 0; length--)
        text += pieces[Math.floor(random() * pieces.length)]!;
      const { kind, padded } = classifyText(text);
      expect(kindOf(text), JSON.stringify(text)).toEqual({ kind, padded });
      expect(kindOf(`"${text}"`), `quoted ${JSON.stringify(text)}`).toEqual({
        kind: text === '' ? cellKind.emptyQuoted : kind,
        padded,
      });
    }
  });

  it('means the same by a kind as DuckDB, which reads every such text back to itself', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const random = seededRandom('kinds against DuckDB');
    const digits = (most: number): string =>
      Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 10)).join(
        '',
      );
    const two = (below: number): string => String(Math.floor(random() * below)).padStart(2, '0');
    const makers: readonly (readonly [string, () => string])[] = [
      ['BIGINT', () => `${random() < 0.5 ? '-' : ''}${digits(19)}`],
      ['DECIMAL(38,9)', () => `${random() < 0.5 ? '-' : ''}${digits(20)}.${digits(9)}`],
      ['DATE', () => `${digits(4)}-${two(14)}-${two(33)}`],
      [
        'TIMESTAMP',
        () => `20${two(99)}-${two(13)}-${two(32)} ${two(25)}:${two(61)}:${two(61)}.${digits(7)}`,
      ],
      [
        'TIMESTAMP WITH TIME ZONE',
        () =>
          `20${two(99)}-0${digits(1)}-1${digits(1)}T${two(24)}:${two(60)}:${two(60)}${['Z', ' UTC', `+${two(15)}`, `-${two(15)}:${two(60)}`, `+${two(15)}${two(60)}`][Math.floor(random() * 5)]}`,
      ],
    ];
    const kindOfType: Readonly<Record<string, readonly number[]>> = {
      BIGINT: [cellKind.integer],
      'DECIMAL(38,9)': [cellKind.decimal],
      DATE: [cellKind.date],
      TIMESTAMP: [cellKind.timestamp],
      'TIMESTAMP WITH TIME ZONE': [cellKind.timestamptz],
    };
    for (const [type, make] of makers) {
      const texts = Array.from({ length: 3000 }, make);
      const accepted = texts.filter((text) => kindOfType[type]!.includes(classifyText(text).kind));
      expect(accepted.length, type).toBeGreaterThan(200);
      const values = accepted.map((text) => `('${text}')`).join(',');
      const reader = await connection.runAndReadAll(
        `SELECT t, try_cast(t AS ${type})::VARCHAR AS v FROM (VALUES ${values}) x(t)`,
      );
      for (const { t, v } of reader.getRowObjectsJson() as { t: string; v: string | null }[]) {
        expect(v, `${type} ${t}`).not.toBeNull();
        expect(canonical(v!), `${type} ${t}`).toBe(canonical(t));
      }
    }
    instance.closeSync();
  });
});

/** One spelling for equal values, by means of our own. */
function canonical(text: string): string {
  const moment =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z| UTC|[+-]\d\d(?::?\d\d)?)?$/.exec(text);
  if (moment !== null) {
    const [, day, clock, fraction = '', zone = ''] = moment;
    const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
    const minutes =
      offset === null
        ? 0
        : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0));
    const instant = new Date(Date.parse(`${day}T${clock}Z`) - minutes * 60_000);
    return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}${zone === '' ? '' : 'Z'}`;
  }
  const number = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text);
  if (number === null) return text;
  const [, sign, whole = '', fraction = ''] = number;
  const plain = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return plain === '0' ? plain : sign + plain;
}

describe('rows', () => {
  it('keeps sound rows byte for byte and names line, column count and text of ragged ones', () => {
    const { kept, rejects, scanner } = scan('1,a\n2\n3,b,c\r\n4,d\r\n', 2);
    expect(kept).toBe('1,a\n4,d\r\n');
    expect(scanner.rows).toBe(2);
    expect(rejects).toEqual([
      { text: '2', line: 2, column: null, reason: '1 column where 2 are expected' },
      { text: '3,b,c', line: 3, column: null, reason: '3 columns where 2 are expected' },
    ]);
  });

  it('takes nothing from a rejected row into the types of the columns', () => {
    const { scanner } = scan('1,2\nx,y,z\n3,4\n', 2);
    expect(scanner.evidence.map(({ kinds }) => kinds)).toEqual([
      1 << cellKind.integer,
      1 << cellKind.integer,
    ]);
  });

  it('counts lines inside quotes, so that later rejects have their right line', () => {
    const { rejects, kept } = scan('1,"a\nb\nc"\n2\n', 2);
    expect(kept).toBe('1,"a\nb\nc"\n');
    expect(rejects.map(({ line }) => line)).toEqual([4]);
  });

  it('leaves out lines without any character, and no other', () => {
    const { kept, scanner } = scan('\n1,a\n\r\n\n2,b\n   \n,\n', 2);
    expect(kept).toBe('1,a\n2,b\n,\n');
    expect(scanner.rows).toBe(3);
    expect(scan('a\n\n""\n \n', 1).scanner.rows).toBe(3);
  });

  it('rejects only the line of a quote that never closes, and keeps the 20,000 rows behind it', () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index},row ${index}\n`).join('');
    const { scanner, rejects, kept } = scan(`0,"open\n${rows}`, 2);
    expect(kept).toBe(rows);
    expect(scanner.rows).toBe(20_000);
    expect(rejects).toEqual([
      {
        text: '0,"open',
        line: 1,
        column: 'column_2',
        reason: 'a quote is opened and never closed',
      },
    ]);
  });

  it('does the same when a later quote happens to close it', () => {
    const { rejects, kept } = scan('1,"open\n2,b\n3,"c"\n4,d\n', 2);
    expect(kept).toBe('2,b\n3,"c"\n4,d\n');
    expect(rejects).toMatchObject([{ text: '1,"open', line: 1 }]);
  });

  it('gives up an open quote after the longest row, and goes on with the next line', () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => `${index},b\n`).join('');
    const { rejects, kept } = scan(`0,"open\n${rows}`, 2, {
      blockBytes: 4096,
      longestRowBytes: 16_384,
    });
    expect(kept).toBe(rows);
    expect(rejects).toMatchObject(
      [{ line: 1, reason: /not closed within 16384 bytes/ }].map(() => ({ line: 1 })),
    );
  });

  it('rejects a row that spans lines whole, where its lines are no rows by themselves', () => {
    const { rejects, kept } = scan('1,"a\nb"\n2,"c\nd",too,many\n3,e\n', 2);
    expect(kept).toBe('1,"a\nb"\n3,e\n');
    expect(rejects).toEqual([
      {
        text: '2,"c\nd",too,many',
        line: 3,
        column: null,
        reason: '4 columns where 2 are expected',
      },
    ]);
  });

  it('rejects text behind a closing quote, with the column', () => {
    const { rejects } = scan('1,"a" b\n2,c\n', 2);
    expect(rejects).toEqual([
      { text: '1,"a" b', line: 1, column: 'column_2', reason: 'text follows a closing quote' },
    ]);
  });

  it('rejects a line longer than a row may be, and reads on behind it', () => {
    const { rejects, kept } = scan(`1,a\n2,${'x'.repeat(50_000)}\n3,c\n`, 2, {
      blockBytes: 4096,
      longestRowBytes: 10_000,
    });
    expect(kept).toBe('1,a\n3,c\n');
    expect(rejects).toMatchObject([{ line: 2, reason: 'longer than 10000 bytes' }]);
  });
});

it('finds the rows that were written and DuckDB reads, value by value, whatever the blocks, for 400 random files', async () => {
  const random = seededRandom('scanner against DuckDB');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const folder = mkdtempSync(join(tmpdir(), 'scanner-'));
  /** Cells as they are written, and what they say. */
  const cells: readonly (readonly [string, string | null])[] = [
    ['', null],
    ['""', ''],
    ['1', '1'],
    [' 2', ' 2'],
    ['a b', 'a b'],
    ['"x,y"', 'x,y'],
    ['"q""q"', 'q"q'],
    ['"l1\nl2"', 'l1\nl2'],
    ['"cr\rlf\r\n"', 'cr\rlf\r\n'],
    ["it's", "it's"],
    ['5" pipe', '5" pipe'],
    ['#c', '#c'],
    [' "s"', 's'],
    ['"t" ', 't'],
    ['ä€😀', 'ä€😀'],
    ['\\', '\\'],
    ['\\"x', '\\"x'],
  ];
  const ends = ['\n', '\n', '\r\n', '\r'];
  try {
    for (let file = 0; file < 400; file++) {
      const width = 1 + Math.floor(random() * 4);
      let text = '';
      const said: (readonly (string | null)[])[] = [];
      for (let row = Math.floor(random() * 12); row >= 0; row--) {
        const count = random() < 0.1 ? width + 1 : width;
        const drawn = Array.from(
          { length: count },
          () => cells[Math.floor(random() * cells.length)]!,
        );
        text += drawn.map(([written]) => written).join(',');
        text += ends[Math.floor(random() * ends.length)]!;
        const isBlank = width === 1 && drawn[0]![0] === '';
        if (count === width && !isBlank) said.push(drawn.map(([, value]) => value));
      }
      const { scanner, kept } = scan(text, width, { blockBytes: 1 + Math.floor(random() * 40) });
      const whole = scan(text, width);
      expect(kept, JSON.stringify(text)).toBe(whole.kept);
      const path = join(folder, 'f.csv');
      writeFileSync(path, kept);
      if (scanner.rows === 0) continue;
      const columns = Array.from({ length: width }, (_, index) => `c${index}: 'VARCHAR'`).join(
        ', ',
      );
      const reader = await connection.runAndReadAll(
        `SELECT * FROM read_csv('${path}', auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', comment = '', nullstr = '', allow_quoted_nulls = false, strict_mode = false, columns = {${columns}})`,
      );
      const rows = reader.getRowsJson();
      expect(scanner.rows).toBe(said.length);
      expect(rows, JSON.stringify(kept)).toEqual(said);
      for (const [index, evidence] of scanner.evidence.entries())
        expect(rows.filter((row) => row[index] === null).length, JSON.stringify(kept)).toBe(
          evidence.empties,
        );
    }
  } finally {
    rmSync(folder, { recursive: true });
    instance.closeSync();
  }
});

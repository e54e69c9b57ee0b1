import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { column, TestLoader, typesOf } from './testLoader.ts';

const manyRows = 150_000;
const filler = 'a text that makes this row longer '.repeat(40);

/** A CSV of more than 8 MB whose last row differs. */
function lateSurprise(usual: string, surprise: string): string {
  const row = `${usual},${filler}\n`;
  return `value,filler\n${row.repeat(Math.ceil((9 * 2 ** 20) / row.length))}${surprise},${filler}\n`;
}

async function loadOne(name: string, content: Uint8Array | string, options = {}) {
  await using loader = await TestLoader.open();
  const counts = await loader.load(name, content, options);
  const leftovers = loader.leftovers();
  const loaded = await loader.finish();
  const rows = await loader.rows(loaded.adds);
  return {
    counts,
    rows,
    leftovers,
    types: typesOf(loaded.schema),
    detected: loaded.files[0]?.detected,
    rejects: await loader.rows(loaded.rejects),
    logged: loader.logged.join('\n'),
  };
}

describe('values that DuckDB alone would lose or change without a word', () => {
  it('keeps rows that start with a comment sign', async () => {
    const { rows } = await loadOne('f.csv', 'tag,n\n#one,1\ntwo,2\n#,3\n');
    expect(column(rows, 'tag')).toEqual(['#one', 'two', '#']);
  });

  it('keeps every digit of decimals and of integers beyond int64', async () => {
    const { rows, types } = await loadOne(
      'f.csv',
      'amount,big,huge,tiny\n12345678901234.56,9223372036854775808,12345678901234567890123456789012345678,0.000000000000000001\n-0.10,-1,1,1\n',
    );
    expect(types).toEqual({
      amount: 'decimal(18, 2)',
      big: 'decimal(38, 0)',
      huge: 'decimal(38, 0)',
      tiny: 'decimal(38, 18)',
    });
    expect(rows).toMatchObject([
      {
        amount: '12345678901234.56',
        big: '9223372036854775808',
        huge: '12345678901234567890123456789012345678',
        tiny: '0.000000000000000001',
      },
      { amount: '-0.10', big: '-1' },
    ]);
  });

  it('keeps integers of more than 38 digits as text', async () => {
    const number = '1'.repeat(39);
    const { rows, types } = await loadOne('f.csv', `n\n${number}\n2\n`);
    expect(types).toEqual({ n: 'string' });
    expect(column(rows, 'n')).toEqual([number, '2']);
  });

  it('keeps 00501 as text, even when it comes after nine megabytes of plain numbers', async () => {
    const { rows, types, counts, leftovers, logged } = await loadOne(
      'f.csv',
      lateSurprise('10501', '00501'),
    );
    expect(types['value']).toBe('string');
    expect(rows.at(-1)).toMatchObject({ value: '00501' });
    expect(rows.length).toBe(counts.written);
    expect(counts).toMatchObject({ read: rows.length, rejected: 0 });
    expect(logged).toContain('reading the file again');
    expect(leftovers).toEqual([]);
  });

  it.each([
    ['a text among integers', '17', 'n/a', 'string', 'n/a'],
    ['a fraction among integers', '17', '1.5', 'decimal(18, 2)', '1.50'],
    ['a longer fraction among decimals', '1.25', '1.239', 'decimal(18, 4)', '1.2390'],
    [
      'a wide integer among integers',
      '17',
      '99999999999999999999',
      'decimal(38, 0)',
      '99999999999999999999',
    ],
    ['a time among dates', '2026-01-01', '2026-01-02 10:11:12', 'timestamp', '2026-01-02 10:11:12'],
    [
      'a zone among timestamps',
      '2026-01-01 00:00:00',
      '2026-01-02 10:11:12+02',
      'string',
      '2026-01-02 10:11:12+02',
    ],
    [
      'a nanosecond among timestamps',
      '2026-01-01 00:00:00',
      '2026-01-02 10:11:12.123456789',
      'string',
      '2026-01-02 10:11:12.123456789',
    ],
    ['an exponent among decimals', '1.5', '1e-7', 'double', '1e-07'],
    ['a value in a column that was empty', '', '17', 'long', '17'],
  ])('sees %s behind the first nine megabytes', async (_, usual, surprise, type, read) => {
    const { rows, types, counts } = await loadOne('f.csv', lateSurprise(usual, surprise));
    expect(types['value']).toBe(type);
    expect(rows.at(-1)).toMatchObject({ value: read });
    expect(counts.read).toBe(counts.written);
    expect(rows.length).toBe(counts.read);
  });

  it('does not take a ragged file for one column', async () => {
    const { types, rejects, counts } = await loadOne(
      'f.csv',
      'a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n4,5\n7,8,9\n',
    );
    expect(Object.keys(types)).toEqual(['a', 'b', 'c']);
    expect(counts).toMatchObject({ read: 6, written: 3, rejected: 3 });
    expect(column(rejects, 'line')).toEqual(['3', '4', '6']);
    expect(column(rejects, 'row_text')).toEqual(['4,5', '6,7,8,9', '4,5']);
  });

  it.each([
    ['utf-16be', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['utf-16le', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16be', (text: string) => Buffer.from(text, 'utf16le').swap16()],
    ['utf-8', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['windows-1252', (text: string) => Buffer.from(text.replace('€', '\x80'), 'latin1')],
  ])('reads %s, and says so', async (encoding, encode) => {
    const { rows, detected } = await loadOne('f.csv', encode('name,price\nJosé,5 €\nZoë,7\n'));
    expect(rows).toMatchObject([
      { name: 'José', price: '5 €' },
      { name: 'Zoë', price: '7' },
    ]);
    expect(detected).toBe(`csv, ${encoding}, ","`);
  });

  it('keeps latin-1 apart from windows-1252 when told', async () => {
    const { rows } = await loadOne('f.csv', Buffer.from('a,b\n\x80,\xe9\n', 'latin1'), {
      encoding: 'latin-1',
    });
    expect(rows).toMatchObject([{ a: '\u0080', b: 'é' }]);
  });

  it('refuses bytes that are no UTF-8 with byte and line, and goes on with the next file', async () => {
    await using loader = await TestLoader.open();
    const bad = Buffer.concat([
      Buffer.from('a,b\né,1\nx,'),
      Buffer.from([0xff]),
      Buffer.from('\n'),
    ]);
    await expect(loader.load('bad.csv', bad)).rejects.toMatchObject({
      code: 'file_unreadable',
      facts: { offset: 11, line: 3, encoding: 'utf-8' },
    });
    await loader.load('good.csv', 'a,b\nü,2\n');
    const { adds, counts, files } = await loader.finish();
    expect(await loader.rows(adds)).toMatchObject([{ a: 'ü', b: '2' }]);
    expect(counts).toMatchObject({ read: 1, written: 1 });
    expect(files.map(({ name }) => name)).toEqual(['good.csv']);
  });

  it('refuses a byte that windows-1252 leaves open', async () => {
    await using loader = await TestLoader.open();
    const bytes = Buffer.from('a,b\n\xe9,1\n\x81,2\n', 'latin1');
    await expect(loader.load('f.csv', bytes)).rejects.toMatchObject({
      code: 'file_unreadable',
      facts: { offset: 8, line: 3, encoding: 'windows-1252' },
    });
  });

  it('loses only the line of a quote that never closes, of 20,000', async () => {
    const good = Array.from({ length: 20_000 }, (_, index) => `${index},row ${index}\n`);
    good.splice(7_000, 0, '7,"open\n');
    const { counts, rejects, rows } = await loadOne('f.csv', `id,text\n${good.join('')}`);
    expect(counts).toMatchObject({ read: 20_001, written: 20_000, rejected: 1 });
    expect(rejects).toMatchObject([{ line: '7002', row_text: '7,"open', column_name: 'text' }]);
    expect(rows.length).toBe(20_000);
  });

  it('tells the empty string from NULL, and leaves numbers numbers where "" stands for nothing', async () => {
    const { rows, types } = await loadOne('f.csv', 'text,number\n"",""\n,\na,5\n');
    expect(types).toEqual({ text: 'string', number: 'long' });
    expect(rows).toMatchObject([
      { text: '', number: null },
      { text: null, number: null },
      { text: 'a', number: '5' },
    ]);
  });

  it('reads numbers with spaces around them, and keeps the spaces of texts', async () => {
    const { rows, types } = await loadOne(
      'f.csv',
      'n,d,t\n 1, 2026-01-01, a\n2 ,2026-01-02 ,b \n   ,   ,   \n',
    );
    expect(types).toEqual({ n: 'long', d: 'date', t: 'string' });
    expect(rows).toMatchObject([
      { n: '1', d: '2026-01-01', t: ' a' },
      { n: '2', d: '2026-01-02', t: 'b ' },
      { n: null, d: null, t: '   ' },
    ]);
  });

  it('reads timestamps without seconds but with a zone, which DuckDB makes NULL', async () => {
    const { rows, types } = await loadOne(
      'f.csv',
      'at,n\n2026-01-02T10:11Z,1\n2026-01-02 10:11+02:00,2\n2026-01-02T10:11:12Z,3\n',
    );
    expect(types['at']).toBe('timestamptz');
    expect(column(rows, 'at')).toEqual([
      '2026-01-02 10:11:00+00',
      '2026-01-02 08:11:00+00',
      '2026-01-02 10:11:12+00',
    ]);
  });

  it('never guesses the order of day and month', async () => {
    const { types, rows } = await loadOne('f.csv', 'd,n\n01/02/2026,1\n25/12/2026,2\n');
    expect(types['d']).toBe('string');
    expect(column(rows, 'd')).toEqual(['01/02/2026', '25/12/2026']);
  });

  it('keeps what is no number to a person: signs, separators, hexadecimal', async () => {
    const { types } = await loadOne(
      'f.csv',
      'phone,grouped,hex,version\n+4912345,1_000,0x1F,1.10\n+1555,2_000,0x2A,1.9\n',
    );
    expect(types).toMatchObject({ phone: 'string', grouped: 'string', hex: 'string' });
  });

  it('reads files that mix CRLF and LF, and keeps line ends inside quotes', async () => {
    const { rows, counts } = await loadOne('f.csv', 'a,b\r\n1,x\n2,"y\r\nz"\r\n3,"c\rr"\n4,w');
    expect(counts).toMatchObject({ read: 4, written: 4, rejected: 0 });
    expect(column(rows, 'b')).toEqual(['x', 'y\r\nz', 'c\rr', 'w']);
  });

  it('reads cells of three megabytes', async () => {
    const cell = 'x'.repeat(3_000_000);
    const { rows } = await loadOne('f.csv', `id,text\n1,short\n2,${cell}\n3,"${cell}"\n4,end\n`);
    expect(rows.map(({ text }) => String(text).length)).toEqual([5, 3_000_000, 3_000_000, 3]);
  });

  it('reads a thousand columns', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const line = names.map((_, index) => index).join(',');
    const { rows, types, counts } = await loadOne(
      'f.csv',
      `${names.join(',')}\n${`${line}\n`.repeat(500)}`,
    );
    expect(Object.keys(types).length).toBe(1000);
    expect(counts.written).toBe(500);
    expect(rows[499]).toMatchObject({ c0: '0', c999: '999' });
  });

  it('reads every frame of a zstd file, of which Node reads the first', async () => {
    const frames = ['a,b\n1,2\n', '3,4\n', '5,6\n'].map((text) => zstdCompressSync(text));
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const { rows, detected } = await loadOne(
      'f.csv.zst',
      Buffer.concat([frames[0]!, skippable, frames[1]!, frames[2]!]),
    );
    expect(column(rows, 'a')).toEqual(['1', '3', '5']);
    expect(detected).toBe('csv, utf-8, ",", zstd');
  });

  it('reads every member of a gzip file', async () => {
    const { rows } = await loadOne(
      'f.csv.gz',
      Buffer.concat([gzipSync('a,b\n1,2\n'), gzipSync('3,4\n')]),
    );
    expect(column(rows, 'a')).toEqual(['1', '3']);
  });
});

describe('values of JSON that DuckDB alone would lose or change without a word', () => {
  it('keeps keys that come late, and fills in NULL before them', async () => {
    const lines = `${JSON.stringify({ id: 1, filler })}\n`.repeat(4_000);
    const { rows, types, counts } = await loadOne('f.jsonl', `${lines}{"id":2,"late":"x"}\n`);
    expect(types).toEqual({ id: 'long', filler: 'string', late: 'string' });
    expect(counts.written).toBe(4_001);
    expect(rows[0]).toMatchObject({ late: null });
    expect(rows.at(-1)).toMatchObject({ id: '2', filler: null, late: 'x' });
  });

  it('rounds nothing: fractions among integers, long decimals, int64, and beyond', async () => {
    const { rows, types } = await loadOne(
      'f.json',
      '[{"a":1,"b":0.1234567890123456789,"c":9223372036854775807,"d":18446744073709551616},{"a":60001.7,"b":1,"c":1,"d":1}]',
    );
    expect(types).toEqual({
      a: 'decimal(18, 2)',
      b: 'decimal(38, 19)',
      c: 'long',
      d: 'decimal(38, 0)',
    });
    expect(rows).toMatchObject([
      {
        a: '1.00',
        b: '0.1234567890123456789',
        c: '9223372036854775807',
        d: '18446744073709551616',
      },
      { a: '60001.70' },
    ]);
  });

  it('makes plain text of scalars of several types, without quotes', async () => {
    const { rows, types } = await loadOne(
      'f.json',
      '[{"t":"Title"},{"t":1776},{"t":true},{"t":null},{"t":{"x":[1, 2.50]}}]',
    );
    expect(types).toEqual({ t: 'string' });
    expect(column(rows, 't')).toEqual(['Title', '1776', 'true', null, '{"x":[1,2.50]}']);
  });

  it('leaves strings strings, though they look like numbers', async () => {
    const { types, rows } = await loadOne(
      'f.jsonl',
      '{"zip":"12345","n":"1.50"}\n{"zip":"00501","n":"2"}\n',
    );
    expect(types).toEqual({ zip: 'string', n: 'string' });
    expect(column(rows, 'n')).toEqual(['1.50', '2']);
  });
});

it(`loads ${manyRows.toLocaleString('en')} rows in the order in which they stand`, async () => {
  let text = 'id,filler\n';
  for (let id = 0; id < manyRows; id++)
    text += `${id},a text that makes this row a little longer: ${id % 7}\n`;
  const { rows, counts } = await loadOne('f.csv', text);
  expect(counts).toMatchObject({ read: manyRows, written: manyRows });
  expect(rows.every((row, index) => row['id'] === String(index))).toBe(true);
});

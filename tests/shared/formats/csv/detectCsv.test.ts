import { describe, expect, it } from 'vitest';
import { detectCsv } from '../../../../shared/formats/csv/detectCsv.ts';
import { sampleRows } from '../../../../shared/formats/csv/sampleRows.ts';
import type { FileFormatOptions } from '../../../../shared/formats/fileFormatOptions.ts';
import { seededRandom } from '../seededRandom.ts';

const detect = (sample: string, options: FileFormatOptions = {}) =>
  detectCsv(sample, true, options);
const dataOf = (sample: string, offset: number): string =>
  Buffer.from(sample).subarray(offset).toString();

describe('the delimiter', () => {
  it.each([
    ['a,b\n1,2\n', ','],
    ['a;b\n1,5;2,5\n3,5;4,5\n', ';'],
    ['a\tb\n"x,y"\t1\n', '\t'],
    ['a|b|c\n1|2|3\n', '|'],
    ['name;note\nx;"a, b, c"\ny;"d, e, f"\n', ';'],
    ['at,tags\n2026-01-01 10:00,a|b\n2026-01-02 10:00,c|d\n', ','],
    ['a,b,c\n1,2\n1,2,3\n1,2,3\n', ','],
    ['just\none\ncolumn\n', ','],
    ['a sentence, with a comma\nanother one\nand a third\n', ','],
  ])('of %j is %j', (sample, delimiter) => {
    expect(detect(sample).dialect.delimiter).toBe(delimiter);
  });

  it('is a tab in a .tsv file, unless there is none', () => {
    expect(detect('a,b\tc\n1,2\t3\n', { format: 'tsv' }).dialect.delimiter).toBe('\t');
    expect(detect('a,b\n1,2\n', { format: 'tsv' }).dialect.delimiter).toBe(',');
  });

  it('is what the settings say', () => {
    expect(detect('a,b;c\n1,2;3\n', { delimiter: ';' })).toMatchObject({ columns: ['a,b', 'c'] });
  });
});

describe('quotes', () => {
  it.each([
    ['a,b\n"x",1\n', '"', '"'],
    ["'a','b'\n'it''s','x'\n'c','d'\n", "'", "'"],
    ["a,b\nit's,fine\nlet's,go\n", '"', '"'],
    ['a,b\n"say \\"hi\\"",1\n"x",2\n', '"', '\\'],
    ['a,b\n"say ""hi""",1\n"x",2\n', '"', '"'],
  ])('of %j', (sample, quote, quoteEscape) => {
    expect(detect(sample).dialect).toMatchObject({ quote, quoteEscape });
  });
});

describe('the header', () => {
  it.each([
    ['id,name\n1,x\n', ['id', 'name'], true],
    ['1,x\n2,y\n', ['column_1', 'column_2'], false],
    ['name,city\nAda,Lund\n', ['name', 'city'], true],
    ['id,2019,2020\n7,1.5,2.5\n', ['id', '2019', '2020'], true],
    ['x,1\ny,2\n', ['column_1', 'column_2'], false],
    ['a,,a, a \n1,2,3,4\n', ['a', 'column_2', 'a_2', 'a_3'], true],
    ['only,a,header\n', ['only', 'a', 'header'], true],
  ])('of %j', (sample, columns, hasHeader) => {
    expect(detect(sample)).toMatchObject({ columns, hasHeader });
  });

  it('is there or not as the settings say', () => {
    expect(detect('1,2\n3,4\n', { header: true })).toMatchObject({
      columns: ['1', '2'],
      firstLine: 2,
    });
    expect(detect('a,b\n3,4\n', { header: false })).toMatchObject({
      columns: ['column_1', 'column_2'],
      firstLine: 1,
      dataOffset: 0,
    });
  });

  it('may stand below a title, which becomes a reject with its line', () => {
    const sample = 'Títle\n\nday,amount,x\n2026-01-01,5,1\n2026-01-02,6,2\n';
    const layout = detect(sample);
    expect(layout).toMatchObject({ columns: ['day', 'amount', 'x'], firstLine: 4 });
    expect(layout.preamble).toEqual([
      { text: 'Títle', line: 1, column: null, reason: 'above the header' },
    ]);
    expect(dataOf(sample, layout.dataOffset)).toBe('2026-01-01,5,1\n2026-01-02,6,2\n');
  });

  it('counts the lines of a header that spans several', () => {
    const sample = '"two\nlines",b\r\n1,2\r\n';
    const layout = detect(sample);
    expect(layout).toMatchObject({ columns: ['two\nlines', 'b'], firstLine: 3 });
    expect(dataOf(sample, layout.dataOffset)).toBe('1,2\r\n');
  });

  it('never lends its names to rows that have one column more, but for an empty last one', () => {
    expect(detect('name,value\n1,a,5\n2,b,6\n').columns).toEqual(['name', 'value']);
    expect(detect('a,b\n1,2,\n3,4,\n').columns).toEqual(['a', 'b', 'column_3']);
    expect(detect('a,b,\n1,2\n3,4\n').columns).toEqual(['a', 'b']);
  });
});

it('throws for a text without rows', () => {
  expect(() => detect('\n\n')).toThrow(/no rows/);
});

it('finds its way back to 500 random tables, whatever the dialect they were written in', () => {
  const random = seededRandom('dialects');
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  for (let count = 0; count < 500; count++) {
    const delimiter = pick([',', ';', '\t', '|']);
    const end = pick(['\n', '\r\n']);
    const width = 2 + Math.floor(random() * 6);
    const header = Array.from(
      { length: width },
      (_, index) => `${pick(['name', 'Größe', 'order id', 'x'])} ${index}`,
    );
    const rows = Array.from({ length: 3 + Math.floor(random() * 20) }, () =>
      header.map((_, index) =>
        index === 0
          ? String(Math.floor(random() * 1000))
          : pick(['', 'a', 'b c', 'x,y', 'p;q', 's|t', 'q"q', 'l1\nl2', 'ü€', "it's"]),
      ),
    );
    const spell = (cell: string): string =>
      /[",;|\t\n]/.test(cell) || (cell !== '' && random() < 0.2)
        ? `"${cell.replaceAll('"', '""')}"`
        : cell;
    const text = [header, ...rows].map((cells) => cells.map(spell).join(delimiter) + end).join('');
    const layout = detect(text);
    expect(layout.dialect, text).toEqual({ delimiter, quote: '"', quoteEscape: '"' });
    expect(layout.columns, text).toEqual(header);
    const read = sampleRows(dataOf(text, layout.dataOffset), layout.dialect, true, 1000, 1e6);
    expect(
      read.map(({ cells }) => cells),
      text,
    ).toEqual(rows);
  }
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileFormatOptions } from '../../../../shared/formats/fileFormatOptions.ts';
import type { Reject } from '../../../../shared/formats/reject.ts';
import { openXlsx } from '../../../../shared/formats/xlsx/openXlsx.ts';
import { serialText } from '../../../../shared/formats/xlsx/serialDate.ts';
import { SharedStrings } from '../../../../shared/formats/xlsx/sharedStrings.ts';
import { parseCopyCsv } from '../../../connectors/readBatch.ts';
import { seededRandom } from '../seededRandom.ts';
import { buildWorkbook, type WorkbookParts, zip } from './buildWorkbook.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xlsx-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(
  workbook: WorkbookParts | Buffer,
  options: FileFormatOptions = {},
): Promise<{
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rejects: readonly Reject[];
  readonly detected: string;
}> {
  const path = join(folder, 'w.xlsx');
  writeFileSync(path, Buffer.isBuffer(workbook) ? workbook : buildWorkbook(workbook));
  using file = await openXlsx(path, folder, options);
  const names = file.survey.map(({ name }) => name);
  const rejects: Reject[] = [];
  const pass = file.pass(names, (reject) => rejects.push(reject));
  const rows = parseCopyCsv(Buffer.concat(await Array.fromAsync(pass.blocks)).toString());
  expect(rows.length).toBe(pass.rows);
  return { names, rows, rejects, detected: file.detected };
}
const cell = (reference: string, value: string, more = ''): string =>
  `<c r="${reference}"${more}><v>${value}</v></c>`;
const text = (reference: string, value: string): string =>
  `<c r="${reference}" t="inlineStr"><is><t>${value}</t></is></c>`;

describe('cells', () => {
  it('reads every kind, and keeps errors and formulas without a result', async () => {
    const { names, rows } = await read({
      sharedStrings: [
        '<si><t>shared</t></si>',
        '<si><r><t>rich </t></r><r><rPr><b/></rPr><t xml:space="preserve">text</t></r><rPh sb="0" eb="1"><t>reading</t></rPh></si>',
        '<si/>',
      ],
      sheets: {
        S: `<row r="1">${text('A1', 'a')}${text('B1', 'b')}${text('C1', 'c')}${text('D1', 'd')}${text('E1', 'e')}${text('F1', 'f')}</row>
<row r="2">${cell('A2', '0', ' t="s"')}${cell('B2', '1', ' t="b"')}${cell('C2', '#N/A', ' t="e"')}<c r="D2"><f>A1+1</f></c><c r="E2" t="str"><f>"x"</f><v>a &amp; b_x000D_</v></c>${cell('F2', '2024-02-29T00:00:00', ' t="d"')}</row>
<row r="3">${cell('A3', '1', ' t="s"')}<c r="C3"/><c r="D3"><v>1.5</v></c>${cell('E3', '2', ' t="s"')}</row>`,
      },
    });
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(rows).toEqual([
      ['shared', 'true', null, null, 'a & b\r', '2024-02-29T00:00:00', '{"c":"#N/A","d":"=A1+1"}'],
      ['rich text', null, null, '1.5', '', null, null],
    ]);
  });

  it('takes cells without references, prefixed elements, single quotes and empty rows', async () => {
    const { rows } = await read({
      prefix: 'x:',
      sheets: {
        S: `<x:row><x:c t='inlineStr'><x:is><x:t>a</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:t>b</x:t></x:is></x:c></x:row><x:row/><x:row r="5"><x:c><x:v>1</x:v></x:c><x:c><x:v>2</x:v></x:c></x:row><x:row r="6" s="1" customFormat="1"><x:c s="1"/></x:row>`,
      },
    });
    expect(rows).toEqual([['1', '2', null]]);
  });

  it('shows numbers as dates where their format says so, and nowhere else', async () => {
    const formats = [
      'yyyy-mm-dd',
      'd/m/yy h:mm',
      'h:mm:ss',
      '[h]:mm',
      '0.00',
      '"day" 0',
      '[Red]0.0;[Blue]-0.0',
      14,
      22,
      'mmm',
      'General',
      '#,##0\\ "EUR";\\-d',
      'mm:ss.0',
      '[$-407]d. mmmm yyyy',
    ];
    const serial = '45351.5';
    const { rows } = await read({
      formats,
      sheets: {
        S: `<row r="1">${formats.map((_, index) => `<c t="inlineStr"><is><t>f${index}</t></is></c>`).join('')}</row><row r="2">${formats.map((_, index) => `<c s="${index}"><v>${serial}</v></c>`).join('')}</row>`,
      },
    });
    const moment = '2024-02-29 12:00:00';
    expect(rows[0]).toEqual([
      moment,
      moment,
      moment,
      serial,
      serial,
      serial,
      serial,
      moment,
      moment,
      moment,
      serial,
      serial,
      moment,
      moment,
      null,
    ]);
  });

  it('keeps the digits of numbers: doubles in their shortest form, integers as written', async () => {
    const numbers = [
      '0.1',
      '0.30000000000000004',
      '1E-3',
      '5.0',
      '12345678901234567890',
      '1.7976931348623157E308',
      '1234567890.123456789012345',
      '-0',
      '100',
    ];
    const { rows } = await read({
      sheets: {
        S: `<row>${numbers.map((_, index) => `<c t="inlineStr"><is><t>n${index}</t></is></c>`).join('')}</row><row>${numbers.map((number) => `<c><v>${number}</v></c>`).join('')}</row>`,
      },
    });
    expect(rows[0]?.slice(0, -1)).toEqual([
      '0.1',
      '0.30000000000000004',
      '0.001',
      '5',
      '12345678901234567890',
      '1.7976931348623157e+308',
      '1234567890.123456789012345',
      '-0',
      '100',
    ]);
  });
});

describe('sheets', () => {
  const sheets = {
    First: `<row>${text('A1', 'a')}</row><row r="2">${cell('A2', '1')}</row>`,
    'Q1 & Q2': `<row>${text('A1', 'b')}</row><row r="2">${cell('A2', '2')}</row>`,
  };

  it('reads the first, or the one that is named', async () => {
    expect((await read({ sheets })).rows).toEqual([['1', null]]);
    expect(await read({ sheets }, { sheet: 'Q1 & Q2' })).toMatchObject({
      names: ['b'],
      rows: [['2', null]],
      detected: 'xlsx, sheet "Q1 & Q2"',
    });
    await expect(read({ sheets }, { sheet: 'Q3' })).rejects.toThrow(
      /no sheet "Q3". It has: First, Q1 & Q2/,
    );
  });

  it('finds the header below a title, names columns without one, and rejects the title', async () => {
    const { names, rows, rejects } = await read({
      sheets: {
        S: `<row r="1">${text('A1', 'Report')}</row><row r="3">${text('B3', 'x')}${text('C3', 'x')}${text('D3', 'y')}</row><row r="4">${cell('B4', '1')}${cell('C4', '2')}${cell('E4', '3')}</row>`,
      },
    });
    expect(names).toEqual(['x', 'x_2', 'y', 'column_5']);
    expect(rows).toEqual([['1', '2', null, '3', null]]);
    expect(rejects).toEqual([
      { text: 'Report', line: 1, column: null, reason: 'above the header' },
    ]);
  });

  it('knows a header of years from a row of numbers, and takes one away when told', async () => {
    const years = {
      S: `<row>${text('A1', 'country')}${cell('B1', '2019')}</row><row r="2">${cell('A2', '5')}${cell('B2', '7')}</row>`,
    };
    expect((await read({ sheets: years })).names).toEqual(['country', '2019']);
    const numbers = {
      S: `<row>${cell('A1', '1')}${cell('B1', '2')}</row><row r="2">${cell('A2', '3')}${cell('B2', '4')}</row>`,
    };
    expect(await read({ sheets: numbers })).toMatchObject({
      names: ['column_1', 'column_2'],
      rows: [
        ['1', '2', null],
        ['3', '4', null],
      ],
    });
    expect((await read({ sheets }, { header: false })).rows).toEqual([
      ['a', null],
      ['1', null],
    ]);
  });

  it('refuses a workbook without rows, one that is damaged, and one that is none', async () => {
    await expect(read({ sheets: { S: '' } })).rejects.toThrow(/no rows/);
    await expect(
      read({ sheets: { S: `<row>${cell('A1', '7', ' t="s"')}</row>` } }),
    ).rejects.toThrow(/lacks its text/);
    await expect(read(zip({ 'a.txt': 'x' }))).rejects.toThrow(/no Excel workbook/);
    const whole = buildWorkbook({ sheets });
    await expect(read(whole.subarray(0, whole.length - 40))).rejects.toMatchObject({
      code: 'file_unreadable',
    });
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, damaged.indexOf('sheet1.xml') + 12, damaged.indexOf('sheet1.xml') + 40);
    await expect(read(damaged)).rejects.toMatchObject({ code: 'file_unreadable' });
    expect(readdirSync(folder)).toEqual(['w.xlsx']);
  });
});

describe('serial dates', () => {
  it.each([
    [1, 'date', false, '1900-01-01'],
    [59, 'date', false, '1900-02-28'],
    [60, 'date', false, null],
    [61, 'date', false, '1900-03-01'],
    [25569, 'date', false, '1970-01-01'],
    [2958465, 'date', false, '9999-12-31'],
    [2958466, 'date', false, null],
    [-1, 'date', false, null],
    [0, 'date', true, '1904-01-01'],
    [43889, 'date', true, '2024-02-29'],
    [45351.999999999, 'dateTime', false, '2024-03-01 00:00:00'],
    [45351.5156134375, 'dateTime', false, '2024-02-29 12:22:29.001'],
    [0.75, 'time', false, '18:00:00'],
    [45351, 'dateTime', false, '2024-02-29 00:00:00'],
  ] as const)('%d as %s (1904: %s) is %s', (serial, meaning, is1904, expected) => {
    expect(serialText(serial, meaning, is1904)).toBe(expected);
  });
});

it('keeps millions of shared texts in bounded memory, and finds each again', async () => {
  const random = seededRandom('shared strings');
  const count = 150_000;
  const item = (index: number): string => `text ${index} é ${'x'.repeat(index % 1000)}`;
  async function* xml(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('<sst count="1">');
    for (let index = 0; index < count; index++) yield Buffer.from(`<si><t>${item(index)}</t></si>`);
    yield Buffer.from('</sst>');
  }
  using strings = await SharedStrings.read(xml(), join(folder, 'texts'));
  expect(strings.count).toBe(count);
  expect(readdirSync(folder), 'pages on disk').toEqual(['texts']);
  for (let tried = 0; tried < 2000; tried++) {
    const index = Math.floor(random() * count);
    expect(strings.at(index)).toBe(item(index));
  }
  expect(strings.at(count)).toBeNull();
  expect(strings.at(-1)).toBeNull();
});

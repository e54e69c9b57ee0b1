import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PlainCopyRows } from '../../../shared/staging/plainCopyRows.ts';
import { RowSpool } from '../../../shared/staging/rowSpool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plain-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const textOf = async (spool: RowSpool): Promise<string> =>
  Buffer.concat(await Array.fromAsync(spool.read())).toString();

const plain = ['1,a\n', '\\N,\\N\n', '-7,"a ""b"", c\nd,1\n"\n', '0,\n', '12,é\n'];
const others = ['1.5,a\n', ',b\n', '"3",c\n', '007,"x\ny"\n', 'NaN,\n'];

it('keeps plain rows in their blocks and sets the others aside, wherever a block ends', async () => {
  const rows = plain.flatMap((row, index) => [row, others[index] as string]);
  const bytes = Buffer.from(rows.join(''));
  for (let cut = 0; cut <= bytes.length; cut++) {
    await using aside = new RowSpool(join(folder, 'aside'));
    const scanner = new PlainCopyRows(['int', null], aside);
    const first = Buffer.from(bytes.subarray(0, cut));
    const one = scanner.scan(first, false);
    const second = Buffer.from(bytes.subarray(one.consumed));
    const two = scanner.scan(second, true);
    expect(one.consumed + two.consumed).toBe(bytes.length);
    expect(first.toString('utf8', 0, one.kept) + second.toString('utf8', 0, two.kept)).toBe(
      plain.join(''),
    );
    expect(await textOf(aside)).toBe(others.join(''));
    expect(scanner).toMatchObject({
      rows: rows.length,
      longestRow: Math.max(...rows.map((row) => Buffer.byteLength(row))),
      isParting: true,
    });
  }
});

it('waits for the rest of a row that has its last line end in a text', async () => {
  await using aside = new RowSpool(join(folder, 'aside'));
  const scanner = new PlainCopyRows([null, null, 'int'], aside);
  const row = '"a\nb",c,1\n';
  for (let cut = 0; cut < row.length; cut++)
    expect(scanner.scan(Buffer.from(row.slice(0, cut)), false)).toEqual({ consumed: 0, kept: 0 });
  expect(scanner.scan(Buffer.from(row), false)).toEqual({ consumed: row.length, kept: row.length });
});

it('refuses bytes that are no UTF-8, and half a row at the end', async () => {
  await using aside = new RowSpool(join(folder, 'aside'));
  const scan = (bytes: Buffer, isLast: boolean) =>
    new PlainCopyRows([null], aside).scan(bytes, isLast);
  expect(() => scan(Buffer.from([0xff, 10]), false)).toThrow(/not UTF-8/);
  expect(() => scan(Buffer.from([97, 10, 0xc3]), true)).toThrow(/not UTF-8/);
  expect(() => scan(Buffer.from('a\n"b\n'), true)).toThrow(/middle of a row/);
  expect(scan(Buffer.from([97, 10, 0xc3]), false)).toEqual({ consumed: 2, kept: 2 });
});

it('no longer parts rows once those set aside are no exception', async () => {
  await using aside = new RowSpool(join(folder, 'aside'));
  const scanner = new PlainCopyRows(['int', null], aside);
  const block = Buffer.from(`x,${'y'.repeat(1 << 20)}\n`.repeat(33));
  expect(scanner.scan(block, false).kept).toBe(0);
  expect(scanner.isParting).toBe(true);
  const rest = Buffer.from('1,a\nx,b\n');
  expect(scanner.scan(rest, true)).toEqual({ consumed: rest.length, kept: rest.length });
  expect(scanner).toMatchObject({ rows: 35, isParting: false });
  expect((await textOf(aside)).length).toBe(block.length);
  expect(readdirSync(folder)).toEqual(['aside']);
});

import { expect, it } from 'vitest';
import { formatCsvRecord, parseCsvRecord } from '../../../../shared/connectors/sql/csvRecord.ts';
import { parseCopyCsv } from '../../../connectors/readBatch.ts';
import { seeded } from '../../../randomness.ts';

const parse = (text: string): readonly (string | null)[] => parseCsvRecord(Buffer.from(text));

it('keeps null, the empty string and the text \\N apart', () => {
  expect(parse('\\N,,"\\N",""\n')).toEqual([null, '', '\\N', '']);
  expect(formatCsvRecord([null, '', '\\N', 'x'])).toBe('\\N,,"\\N",x\n');
});

it('reads quotes, commas and line ends inside quotes, and a last value that is empty', () => {
  expect(parse('"a ""b"", c","line\r\nend",\n')).toEqual(['a "b", c', 'line\r\nend', '']);
  expect(parse('a')).toEqual(['a']);
  expect(parse('""""')).toEqual(['"']);
});

it('quotes a lone value, so that no record is an empty line', () => {
  expect(formatCsvRecord([''])).toBe('""\n');
  expect(formatCsvRecord([null])).toBe('\\N\n');
});

it('refuses bytes that are not one whole record', () => {
  expect(() => parse('"a')).toThrow('no end');
  expect(() => parse('"a"b')).toThrow('follows');
});

it('reads back what it wrote, whatever the values', () => {
  const random = seeded('csv records');
  const parts = ['"', '""', ',', '\n', '\r', '\\N', 'a', 'ß', '🙂', '', ' '];
  for (let round = 0; round < 500; round += 1) {
    const row = Array.from({ length: 1 + random.below(5) }, () =>
      random.chance(0.2)
        ? null
        : Array.from({ length: random.below(6) }, () => random.pick(parts)).join(''),
    );
    const line = formatCsvRecord(row);
    expect(parse(line)).toEqual(row);
    // A second reader, which shares no code.
    expect(parseCopyCsv(line)).toEqual([row]);
  }
});

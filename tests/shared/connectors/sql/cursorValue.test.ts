import { expect, it } from 'vitest';
import { isAbove, lessOverlap, ordinalOf } from '../../../../shared/connectors/sql/cursorValue.ts';

const time = { cursor: 'time' } as const;
const day = { cursor: 'day' } as const;
const number = { cursor: 'number' } as const;

it.each([
  ['2024-03-01 00:00:10', '2024-02-29 23:55:10'],
  ['2024-03-01 00:00:10.000001', '2024-02-29 23:55:10.000001'],
  ['2024-03-01T00:00:10Z', '2024-02-29 23:55:10Z'],
  ['2024-03-01 00:00:10.5+05:30', '2024-02-29 23:55:10.5+05:30'],
  ['0024-01-01 00:04:59+00', '0023-12-31 23:59:59+00'],
  ['0001-01-01 00:00:00', 'lowest'],
])('goes back %s by five minutes and keeps the rest of the text', (value, expected) => {
  expect(lessOverlap(value, time, { seconds: 300, values: 0 })).toBe(expected);
});

it('goes back by whole days from a day, and by values from a number', () => {
  const days = (seconds: number): string | null =>
    lessOverlap('2024-03-01', day, { seconds, values: 9 });
  expect([days(0), days(86_399), days(86_400), days(200_000)]).toEqual([
    ...['2024-03-01', '2024-03-01', '2024-02-29', '2024-02-28'],
  ]);
  const by = (value: string, values: number): string | null =>
    lessOverlap(value, number, { seconds: 9, values });
  expect(by('9223372036854775807', 7)).toBe('9223372036854775800');
  expect([by('5', 0), by('5', 9), by('-40000', 0)]).toEqual(['5', '-4', '-40000']);
  // Below what the smallest type of number holds.
  expect(by('5', 40_000)).toBe('lowest');
});

it('knows no value in a text that is none', () => {
  for (const text of ['infinity', '-infinity', '0044-03-15 00:00:00 BC', '', '7', '2024'])
    expect(lessOverlap(text, time, { seconds: 1, values: 1 }), text).toBeNull();
  for (const text of ['7.5', '2024-01-01', ''])
    expect(lessOverlap(text, number, { seconds: 1, values: 1 }), text).toBeNull();
  expect(isAbove('infinity', '2024-01-01 00:00:00', time)).toBeNull();
});

it('orders as the database does: to the microsecond, across offsets, and not as text', () => {
  const ascending = [
    '0099-12-31 00:00:00+00',
    '2024-01-01 00:00:00+01',
    '2023-12-31 23:30:00+00',
    '2024-01-01 00:00:00.000001+00',
    '2024-01-01 00:00:00.00001+00',
    '2024-01-01 00:00:00.1+00',
    '2024-01-01 00:00:01-00:00:01',
    '10000-01-01 00:00:00+00',
  ];
  for (const [index, value] of ascending.entries()) {
    expect(isAbove(value, ascending[index - 1] ?? '0001-01-01 00:00:00', time), value).toBe(true);
    expect(isAbove(value, value, time)).toBe(false);
  }
  expect(isAbove('10', '9', number)).toBe(true);
  expect(isAbove('-10', '-9', number)).toBe(false);
  expect(ordinalOf('1970-01-02', day)).toBe(86_400_000_000_000n);
});

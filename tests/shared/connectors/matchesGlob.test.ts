import { expect, it } from 'vitest';
import { isGlob, matchesGlob } from '../../../shared/connectors/matchesGlob.ts';

it.each([
  ['a.csv', '*.csv', true],
  ['dir/a.csv', '*.csv', true],
  ['a.csv.gz', '*.csv', false],
  ['dir/a.csv', 'dir/*.csv', true],
  ['dir/sub/a.csv', 'dir/*.csv', false],
  ['dir/sub/a.csv', 'dir/**/*.csv', true],
  ['dir/a.csv', 'dir/**/*.csv', true],
  ['dir/sub/a.csv', '**/a.csv', true],
  ['a.csv', '**/a.csv', true],
  ['dir/a.csv', 'dir/**', true],
  ['other/a.csv', 'dir/**', false],
  ['a1.csv', 'a?.csv', true],
  ['a.csv', 'a?.csv', false],
  ['b.tsv', '{a,b}.{csv,tsv}', true],
  ['c.tsv', '{a,b}.{csv,tsv}', false],
  ['A.csv', 'a.csv', false],
  ['a+b(1).csv', 'a+b(1).csv', true],
  ['axcsv', 'a.csv', false],
])('%s against %s: %s', (name, pattern, matches) => {
  expect(matchesGlob(name, pattern)).toBe(matches);
});

it('answers hostile patterns at once', () => {
  const started = performance.now();
  expect(matchesGlob('a'.repeat(900), `${'*a'.repeat(90)}b`)).toBe(false);
  expect(matchesGlob('a/'.repeat(400), `${'**/'.repeat(60)}b`)).toBe(false);
  expect(matchesGlob('x', '{a,b}'.repeat(40))).toBe(false);
  expect(isGlob('{a,b}'.repeat(40))).toBe(false);
  expect(isGlob('{a,b}{c,d}*.csv')).toBe(true);
  expect(performance.now() - started).toBeLessThan(5000);
});

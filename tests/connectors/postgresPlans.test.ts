import { expect, it } from 'vitest';
import { sortSettings } from '../../connectors/postgres/sortSettings.ts';

const gigabyte = 2 ** 30;

it('sorts a table whose rows do not lie in the order of its key, instead of walking the index', () => {
  const noIndex = ['enable_indexscan', 'enable_bitmapscan'];
  expect(sortSettings([`${gigabyte}`, '0.003'])).toEqual(noIndex);
  expect(sortSettings([`${gigabyte}`, '-0.2'])).toEqual(noIndex);
});

it('leaves the planner alone where the key follows the rows, or nothing is known', () => {
  expect(sortSettings([`${gigabyte}`, '0.98'])).toEqual([]);
  expect(sortSettings([`${gigabyte}`, '-1'])).toEqual([]);
  expect(sortSettings([`${gigabyte}`, null])).toEqual([]);
  expect(sortSettings(undefined)).toEqual([]);
});

it('never sorts what would take minutes before the first row', () => {
  expect(sortSettings([`${100 * gigabyte}`, '0.003'])).toEqual(['enable_sort']);
  expect(sortSettings([`${100 * gigabyte}`, null])).toEqual(['enable_sort']);
});

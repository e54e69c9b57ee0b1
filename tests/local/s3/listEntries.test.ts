import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { compareKeys, endOfPrefix } from '../../../local/s3/keyOrder.ts';
import { listEntries } from '../../../local/s3/listEntries.ts';

const alphabet = ['a', 'b', '/', '-', '\u{1f680}', '\uffff', '\ud7ff', '\u{10ffff}', 'é'];

/** Every page of a listing, walked to its end. */
function walk(
  keys: readonly string[],
  options: { prefix: string; delimiter: string; limit: number },
): string[] {
  const sorted = keys.toSorted(compareKeys);
  const found: string[] = [];
  for (let after = ''; ; ) {
    const listed = listEntries<string>({
      ...options,
      after,
      keyOf: (key) => key,
      page: (position, count) =>
        sorted
          .filter((key) =>
            'from' in position
              ? compareKeys(key, position.from) >= 0
              : compareKeys(key, position.behind) > 0,
          )
          .slice(0, count),
    });
    expect(listed.entries.length).toBeLessThanOrEqual(options.limit);
    const names = listed.entries.map((entry) =>
      entry.kind === 'row' ? entry.row : `${entry.prefix} …`,
    );
    found.push(...names);
    if (!listed.truncated) return found;
    const last = listed.entries.at(-1);
    after = last?.kind === 'row' ? last.row : (last?.prefix ?? '');
  }
}

/** What S3 promises, said plainly. */
function expected(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const names = keys.toSorted(compareKeys).flatMap((key) => {
    if (!key.startsWith(prefix)) return [];
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    return [cut < 0 ? key : `${key.slice(0, cut + delimiter.length)} …`];
  });
  return [...new Set(names)];
}

it('pages of any size, put together, are the whole listing, whatever the keys', () => {
  const seed = randomInt(2 ** 31);
  console.log(`listings: seed ${seed}`);
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % limit;
  };
  const word = (most: number): string =>
    Array.from({ length: random(most + 1) }, () => alphabet[random(alphabet.length)]).join('');
  for (let round = 0; round < 300; round++) {
    const keys = [...new Set(Array.from({ length: random(40) }, () => word(5)))].filter(
      (key) => key !== '',
    );
    const prefix = random(2) === 0 ? '' : word(2);
    const delimiter = ['', '/', '-', '/-', 'é'][random(5)] ?? '';
    const limit = 1 + random(6);
    expect(
      [seed, round, walk(keys, { prefix, delimiter, limit })],
      JSON.stringify({ keys, prefix, delimiter, limit }),
    ).toEqual([seed, round, expected(keys, prefix, delimiter)]);
  }
});

it('the end of a prefix is above all that starts with it and below what follows', () => {
  expect(endOfPrefix('a/')).toBe('a0');
  expect(endOfPrefix('a\u{10ffff}')).toBe('b');
  expect(endOfPrefix('\u{10ffff}')).toBe(null);
  expect(endOfPrefix('')).toBe(null);
  expect(endOfPrefix('\ud7ff')).toBe('\ue000');
});

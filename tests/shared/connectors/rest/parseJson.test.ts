import { expect, it } from 'vitest';
import { parseJson } from '../../../../shared/connectors/rest/parseJson.ts';
import { seeded } from '../../../randomness.ts';

const { below, chance, pick } = seeded('numbers in JSON');
const digits = (count: number): string => Array.from({ length: count }, () => below(10)).join('');

const whole = (): string => (chance(0.2) ? '0' : `${1 + below(9)}${digits(below(24))}`);
const written = (): string => {
  const sign = chance(0.3) ? '-' : '';
  const fraction = chance(0.5) ? `.${digits(1 + below(24))}` : '';
  const exponent = chance(0.1) ? pick(['e5', 'E-7', 'e+3']) : '';
  return `${sign}${whole()}${fraction}${exponent}`;
};

/** What a number must come as: itself, or its text where a double is another number. */
function kept(text: string): number | string {
  const value = Number(text);
  if (/e/i.test(text)) return value;
  if (!text.includes('.')) return Number.isSafeInteger(value) ? value : text;
  return String(value) === text.replace(/\.?0+$/, '') ? value : text;
}

it('numbers of any length and anywhere in a text come as they were written', () => {
  for (let round = 0; round < 3000; round++) {
    const space = ' '.repeat(below(20));
    const numbers = Array.from({ length: below(6) }, written);
    const text = `{${space}"id": "${digits(below(20))}", "n":[${numbers.join(`,${space}`)}],"s":"a, ${written()}"}`;
    const parsed = parseJson(text) as { readonly n: readonly unknown[] };
    // What a double only spells otherwise, 1e-7 for 0.0000001 or 0 for -0.0, may come as either.
    const wanted = numbers.map((number, index) => {
      const isSpelledOtherwise = /e|^0$/.test(String(Number(number)));
      return isSpelledOtherwise && typeof parsed.n[index] === 'number'
        ? Number(number)
        : kept(number);
    });
    expect(parsed.n).toEqual(wanted);
  }
});

it('long numbers come as text wherever they lie', () => {
  for (let shift = 0; shift < 40; shift++)
    for (const number of ['12345678901234567890', '0.12345678901234567', '-9007199254740993'])
      for (const text of [`${' '.repeat(shift)}${number}`, `[${' '.repeat(shift)}1,${number}]`])
        expect([parseJson(text)].flat().at(-1)).toBe(number);
});

it('what is no long number comes as it is', () => {
  const value = { a: '1.2.3.4.5.6.7.8.9.10.11', b: ', 12345678901234567890', c: 0.1, d: 1e300 };
  expect(parseJson(JSON.stringify(value))).toEqual(value);
  expect(parseJson('[0.14285714285714285, 9007199254740991, 1.50000000000000000000]')).toEqual([
    1 / 7,
    9007199254740991,
    1.5,
  ]);
});

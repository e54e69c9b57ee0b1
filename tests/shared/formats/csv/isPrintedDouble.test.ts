import { expect, it } from 'vitest';
import { isPrintedDouble } from '../../../../shared/formats/csv/isPrintedDouble.ts';
import { seededRandom } from '../seededRandom.ts';

const judge = (text: string): boolean => {
  const block = Buffer.from(`,${text},`);
  return isPrintedDouble(block, 1, block.length - 1);
};

it.each([
  ['449.42857142857144', true],
  ['-449.42857142857144', true],
  ['449.42857142857145', false],
  ['0.1428571428571428', true],
  ['0.14285714285714285', true],
  ['1428.571428571428', true],
  ['0.30000000000000004', true],
  // Another of its length is nearer; a shorter one will do; a zero too many; too many digits.
  ['0.3000000000000000', false],
  ['0.30000000000000001', false],
  ['0.299999999999999988', false],
  ['1234567890.1234567', true],
  ['12345678901.234567', false],
  ['9007199254740993.0', false],
  ['9007199254740992.5', false],
  ['123456789012345678', false],
  ['12345678901234568', true],
  // Powers of two, below which doubles are twice as dense.
  ['0.0009765625000000001', false],
  ['0.0009765625000000002', true],
  ['0.0009765624999999999', true],
  // Printed with an exponent.
  ['0.0000001234567890123456', false],
  ['0.000001234567890123456', true],
  ['0.0000000000000000', false],
  ['-0.000000000000000', false],
])('says of %s: %s', (text, printed) => {
  expect(judge(text)).toBe(printed);
  expect(String(Number(text)) === text).toBe(printed);
});

it('says what printing the double says, of 300,000 random numbers near to what doubles print', () => {
  const random = seededRandom('printed doubles');
  const magnitude = (): number => 10 ** Math.floor(random() * 22 - 7);
  const double = (): number => (random() + random() / 2 ** 32) * magnitude();
  const bits = new Float64Array(1);
  const words = new BigInt64Array(bits.buffer);
  const makers: readonly (() => string)[] = [
    () => String(double()),
    () => String(Math.floor(random() * 1e6) / (1 + Math.floor(random() * 1000))),
    () => double().toPrecision(15 + Math.floor(random() * 4)),
    () => double().toFixed(Math.floor(random() * 20)),
    // The last digit off by up to two, or one digit more.
    () => {
      const text = String(double());
      const last = (Number(text.at(-1)) + Math.floor(random() * 5) + 8) % 10;
      return random() < 0.8 ? text.slice(0, -1) + last : `${text}${last}`;
    },
    // Around powers of two.
    () => {
      bits[0] = 2 ** Math.floor(random() * 70 - 20);
      words[0] = (words[0] as bigint) + BigInt(Math.floor(random() * 5) - 2);
      return random() < 0.5 ? String(bits[0]) : bits[0].toPrecision(17);
    },
    () => `${Math.floor(random() * 1e9)}.${String(Math.floor(random() * 1e9)).padStart(9, '0')}`,
  ];
  let printed = 0;
  for (let count = 0; count < 300_000; count++) {
    const text = (makers[count % makers.length] as () => string)();
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) continue;
    const expected = String(Number(text)) === text;
    if (expected) printed++;
    if (judge(text) !== expected) expect.unreachable(`${text} is ${expected}`);
  }
  expect(printed).toBeGreaterThan(50_000);
});

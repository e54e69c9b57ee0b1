import { expect, it } from 'vitest';
import { cellKind } from '../../../shared/formats/cellKind.ts';
import {
  classifyText,
  isPlainNumber,
  survivesDouble,
} from '../../../shared/formats/classifyText.ts';
import { addEvidence, columnTypeOf, noEvidence } from '../../../shared/formats/columnEvidence.ts';
import type { ColumnType } from '../../../shared/lake/schema.ts';

const typeOf = (cells: readonly string[], existing: ColumnType | null = null) => {
  const evidence = noEvidence();
  for (const cell of cells) {
    const { kind, integerDigits, scale, padded } = classifyText(cell);
    const kept = !isPlainNumber(kind) || survivesDouble(() => cell.trim(), integerDigits, scale);
    if (kind > cellKind.blank) addEvidence(evidence, kind, integerDigits, scale, padded, kept);
  }
  return columnTypeOf(evidence, existing);
};

it.each([
  [['12.50', '3'], 'decimal(18, 2)'],
  // What a program printed of a double is one, digit for digit.
  [['449.42857142857144', '0.14285714285714285', '1'], 'double'],
  [['449.42857142857144', '795.5714285714286'], 'decimal(18, 14)'],
  [['0.1', '1234567890.12345678901'], 'decimal(38, 12)'],
  // One number that a double does not keep makes the whole column exact.
  [['449.42857142857144', '0.12345678901234567'], 'decimal(38, 18)'],
  [['9007199254740993', '0.12345678901234568'], 'decimal(38, 18)'],
  [['1e5', '449.42857142857144'], 'double'],
  [['1e5', '9007199254740993'], 'string'],
  [['9223372036854775807'], 'long'],
])('finds for %j the type %s', (cells, type) => {
  expect(typeOf(cells)).toBe(type);
});

it('widens the decimals of a table, and never turns them into doubles', () => {
  expect(typeOf(['449.42857142857144', '0.14285714285714285'], 'decimal(18, 2)')).toBe(
    'decimal(38, 18)',
  );
});

it('knows a double by its print: random ones survive, and with one digit more they do not', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const text = String(Math.sin(seed) * 1000);
    const { integerDigits, scale } = classifyText(text);
    expect(
      survivesDouble(() => text, integerDigits, scale),
      text,
    ).toBe(true);
    const longer = `${text}${'123456789'.slice(0, Math.max(1, 19 - integerDigits - scale))}`;
    const wide = classifyText(longer);
    expect(
      survivesDouble(() => longer, wide.integerDigits, wide.scale),
      longer,
    ).toBe(false);
  }
});

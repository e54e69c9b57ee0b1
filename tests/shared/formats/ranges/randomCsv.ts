import type { CsvDialect } from '../../../../shared/formats/csv/cellAutomaton.ts';
import type { Randomness } from '../../../randomness.ts';

export interface RandomCsvOptions {
  readonly dialect: CsvDialect;
  readonly columns: number;
  readonly rows: number;
  /** How often a cell or a row is not as it should be: stray quotes, text behind quotes, ragged rows, blank lines. */
  readonly flaws: number;
}

/** CSV without a header whose cells hold line ends, quotes, delimiters and characters of up to four bytes. */
export function randomCsv(random: Randomness, options: RandomCsvOptions): string {
  const { dialect, columns, rows, flaws } = options;
  const { delimiter } = dialect;
  const lineEnd = random.pick(['\n', '\n', '\r\n', '\r']);
  let text = '';
  for (let row = 0; row < rows; row++) {
    const width = random.chance(flaws / 4) ? random.below(columns + 3) : columns;
    text += Array.from({ length: width }, () => randomCell(random, options)).join(delimiter);
    text += random.chance(flaws / 4) ? random.pick(['\n', '\r\n', '\r', '\n\n']) : lineEnd;
  }
  return random.chance(0.3) ? text.trimEnd() : text;
}

const words = ['a', 'née', '漢字', '😀', 'x y', '', '-', '0', '2024-02-29', '3.14', '17', 'true'];

function randomCell(random: Randomness, { dialect, flaws }: RandomCsvOptions): string {
  const { quote, quoteEscape, delimiter } = dialect;
  const plain = random.pick(words);
  if (random.chance(flaws))
    return random.pick([
      `${plain}${quote}b`,
      `${quote}${plain}`,
      `${quote}${plain}${quote}c`,
      `${quote}${plain}\n${quote} d`,
      ` ${quote}${plain}${quote} `,
      `${quote}${quote}${quote}`,
      `${quoteEscape}${quote}`,
      `e${quoteEscape}`,
    ]);
  if (quote === '' || random.chance(0.4)) return plain;
  let inside = '';
  for (let part = random.below(5); part > 0; part--)
    inside += random.pick([
      plain,
      delimiter,
      '\n',
      '\r\n',
      ' ',
      `${quoteEscape}${quote}`,
      ...(quoteEscape === quote ? [] : [`${quoteEscape}${quoteEscape}`]),
      random.pick(words),
    ]);
  return `${quote}${inside}${quote}`;
}

export const dialects: readonly CsvDialect[] = [
  { delimiter: ',', quote: '"', quoteEscape: '"' },
  { delimiter: ';', quote: "'", quoteEscape: "'" },
  { delimiter: '\t', quote: '"', quoteEscape: '\\' },
  { delimiter: '|', quote: '', quoteEscape: '' },
];

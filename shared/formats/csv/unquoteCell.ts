import type { CsvDialect } from './cellAutomaton.ts';

/** What a cell says: without its quotes, and the spaces around them, and its escapes. */
export function unquoteCell(raw: string, { quote, quoteEscape }: CsvDialect): string {
  if (quote === '' || !raw.includes(quote)) return raw;
  const trimmed = raw.replace(/^ +| +$/g, '');
  if (trimmed.length < 2 || !trimmed.startsWith(quote) || !trimmed.endsWith(quote)) return raw;
  const inside = trimmed.slice(1, -1);
  return quoteEscape === quote
    ? inside.replaceAll(quote + quote, quote)
    : inside.replace(/\\([\s\S])/g, '$1');
}

import type { SqlRow } from './sqlDialect.ts';

const quote = 0x22;
const comma = 0x2c;

/**
 * The values of one `copyCsv` record (with or without its line end), exactly: only an unquoted `\N` is null.
 * Throws when the bytes are not one whole record.
 */
export function parseCsvRecord(bytes: Uint8Array): SqlRow {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: (string | null)[] = [];
  let end = buffer.length;
  if (buffer[end - 1] === 0x0a) end -= 1;
  for (let start = 0; ; ) {
    if (buffer[start] === quote && start < end) {
      let close = start + 1;
      for (;;) {
        close = buffer.indexOf(quote, close);
        if (close === -1 || close >= end) throw new Error('a quoted value has no end');
        if (buffer[close + 1] !== quote || close + 1 >= end) break;
        close += 2;
      }
      values.push(buffer.toString('utf8', start + 1, close).replaceAll('""', '"'));
      start = close + 1;
      if (start < end && buffer[start] !== comma) throw new Error('text follows a quoted value');
    } else {
      let stop = buffer.indexOf(comma, start);
      if (stop === -1 || stop > end) stop = end;
      const text = buffer.toString('utf8', start, stop);
      values.push(text === '\\N' ? null : text);
      start = stop;
    }
    if (start >= end) return values;
    start += 1;
  }
}

/**
 * One `copyCsv` record with its line end. Quotes exactly where PostgreSQL's COPY does, and a lone value always:
 * an empty line is no record to some readers.
 */
export function formatCsvRecord(row: SqlRow): string {
  let line = '';
  for (let index = 0; index < row.length; index++) {
    const value = row[index] ?? null;
    if (index > 0) line += ',';
    if (value === null) line += '\\N';
    else if (row.length === 1 || value === '\\N' || /[",\n\r]/.test(value))
      line += `"${value.replaceAll('"', '""')}"`;
    else line += value;
  }
  return `${line}\n`;
}

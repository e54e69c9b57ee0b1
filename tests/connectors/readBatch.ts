import { createHash } from 'node:crypto';
import type { Batch } from '../../shared/connectors/connector.ts';
import type { Json } from '../../shared/json.ts';
import type { Column } from '../../shared/lake/schema.ts';

/** One delivered row, column by column as the source spells them; of a file, what identifies its bytes. */
export type Row = Readonly<Record<string, Json>>;

/** Every row of one batch, whatever its body; all in memory, so for small examples only. */
export async function readBatch(
  batch: Batch<unknown>,
  described: readonly Column[] | null,
): Promise<readonly Row[]> {
  const { body } = batch;
  switch (body.kind) {
    case 'records':
      return body.records;
    case 'file': {
      const hash = createHash('sha256');
      for await (const chunk of body.file.open()) hash.update(chunk);
      const { name, versionId, bytes } = body.file;
      return [{ name, versionId, bytes, sha256: hash.digest('hex') }];
    }
    case 'columns':
      throw new TypeError('only who offers to take values decoded gets them so');
    case 'copyCsv': {
      const columns = batch.columns ?? described ?? [];
      const chunks: Uint8Array[] = [];
      for await (const chunk of body.open()) chunks.push(Buffer.from(chunk));
      return parseCopyCsv(Buffer.concat(chunks).toString()).map((values) => {
        if (values.length !== columns.length)
          throw new Error(`${values.length} values for ${columns.length} columns`);
        return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
      });
    }
  }
}

/** The `copyCsv` form, character by character and strictly: anything it does not allow throws. */
export function parseCopyCsv(text: string): readonly (readonly (string | null)[])[] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  for (let at = 0; at < text.length; ) {
    let value: string | null = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw new Error('unterminated quote');
        if (text[at] === '"' && text[at + 1] === '"') at += 1;
        else if (text[at] === '"') break;
        value += text[at];
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') {
        if (text[at] === '"' || text[at] === '\r') throw new Error('a bare quote or CR');
        value += text[at];
        at += 1;
      }
      if (value === '\\N') value = null;
    }
    row.push(value);
    if (text[at] !== ',' && text[at] !== '\n') throw new Error('text after a value');
    if (text[at] === '\n') {
      rows.push(row);
      row = [];
    }
    at += 1;
    if (row.length > 0 && at === text.length) throw new Error('no line end');
  }
  return rows;
}

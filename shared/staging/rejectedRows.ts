import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { sqlText } from '../duckdb/openDuckDb.ts';
import { columnType } from '../lake/schema.ts';
import type { LoaderState } from './loaderState.ts';
import { rejectFields } from './streamLoader.ts';

const context = z.looseObject({
  columns: z.array(z.string()).optional(),
  delimiter: z.string().optional(),
  quote: z.string().optional(),
  escape: z.string().optional(),
  masked: z.array(z.string()).optional(),
  types: z.record(z.string(), columnType).optional(),
});

const stored = z.object({
  row_text: z.string().nullable(),
  line: z.coerce.number().int().nullable(),
  column_name: z.string().nullable(),
  reason: z.string().nullable(),
  row_format: z.string().nullable(),
  row_context: z.string().nullable(),
  _source_file: z.string().nullable(),
});

/** A reject as it stands in the reject table. */
export interface RejectedRow {
  readonly text: string | null;
  readonly line: number | null;
  readonly column: string | null;
  readonly reason: string;
  readonly format: string | null;
  readonly context: string | null;
  readonly sourceFile: string | null;
}

/** The rows of one file of a reject table, on this machine, to be read as often as needed. */
export class RejectedRows implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `parquet`: the file, in the work folder. Rows lie as JSON lines on disk, so that memory stays bounded. */
  static async open(
    { db, options, scratchName }: Pick<LoaderState, 'db' | 'options' | 'scratchName'>,
    parquet: string,
  ): Promise<RejectedRows> {
    const path = join(options.workFolder, `${scratchName('rejected')}.jsonl`);
    const there = new Set(
      (await db.rows(`SELECT name FROM parquet_schema(${sqlText(parquet)})`)).map(({ name }) =>
        String(name),
      ),
    );
    // Rejects of earlier versions had fewer columns.
    const columns = rejectFields.map(({ name, type }) =>
      there.has(name)
        ? `"${name}"`
        : `NULL::${type === 'long' ? 'BIGINT' : 'VARCHAR'} AS "${name}"`,
    );
    await db.rows(
      `COPY (SELECT ${columns.join(', ')} FROM read_parquet(${sqlText(parquet)})) TO ${sqlText(path)} (FORMAT json)`,
    );
    return new RejectedRows(path);
  }

  async *read(): AsyncGenerator<RejectedRow> {
    const lines = createInterface({ input: createReadStream(this.#path), crlfDelay: Infinity });
    for await (const line of lines) {
      if (line === '') continue;
      const row = stored.parse(JSON.parse(line));
      yield {
        text: row.row_text,
        line: row.line,
        column: row.column_name,
        reason: row.reason ?? '',
        format: row.row_format,
        context: row.row_context,
        sourceFile: row._source_file,
      };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#path, { force: true });
  }
}

/** What a reject's context says; nothing for one that says nothing readable. */
export function contextIn(text: string | null): z.infer<typeof context> {
  if (text === null) return {};
  try {
    return context.safeParse(JSON.parse(text)).data ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

import type { DuckDb } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';

/**
 * A database whose errors quote no value: DuckDB's messages hold the line they are about, and so values of masked
 * columns. What kind of error it was is kept.
 */
export const quietDuckDb = (db: DuckDb, signal: AbortSignal): DuckDb => ({
  rows: async (sql) => {
    try {
      return await db.rows(sql);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HeadgateError) throw new HeadgateError(error.code, error.message);
      const text = error instanceof Error ? error.message : '';
      const [kind = 'Error'] = /^[A-Z][A-Za-z ]*(?:Error|Exception)(?=:)/.exec(text) ?? [];
      // The cause is left out on purpose: it would be logged with this.
      throw new Error(`${kind}: (left out, because columns of this stream are masked)`);
    }
  },
  interrupt: () => db.interrupt(),
  [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
});

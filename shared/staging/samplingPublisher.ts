import { type DuckDb, sqlName, sqlText } from '../duckdb/openDuckDb.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { isSystemColumn } from '../lake/systemColumn.ts';
import type { DriftLog } from '../schema/driftLog.ts';
import { longestSample, mostSamples } from '../schema/schemaDrift.ts';
import type { WrittenFile } from './csvToParquet.ts';
import { guardedValue } from './guardedSql.ts';
import { Publisher } from './publisher.ts';

/** Rows looked at for samples of a new column. */
const rowsLookedAt = 1000;
/** Columns sampled in one load at most: a wide table that changed everywhere is no reason to read it all again. */
const mostSampledColumns = 20;

/** A publisher that takes samples of columns that are new, or have another type, while their file is still here. */
export class SamplingPublisher extends Publisher {
  readonly #db: DuckDb;
  readonly #drift: DriftLog;
  readonly #sampled = new Set<string>();

  constructor(
    prefix: string,
    upload: (localPath: string, key: string) => Promise<string>,
    { db, drift }: { readonly db: DuckDb; readonly drift: DriftLog },
  ) {
    super(prefix, upload);
    this.#db = db;
    this.#drift = drift;
  }

  override async publish(file: WrittenFile, sourceFile: string | null): Promise<DataFile | null> {
    if (!this.#drift.isFirstLoad && file.rows > 0) await this.#sample(file);
    return super.publish(file, sourceFile);
  }

  async #sample({ localPath, fields }: WrittenFile): Promise<void> {
    for (const { name, type, doc } of fields) {
      if (isSystemColumn(name)) continue;
      const before = this.#drift.baseField(name);
      if (before?.type === type || this.#drift.wants(name, doc ?? name) === 0) continue;
      if (!this.#sampled.has(name) && this.#sampled.size === mostSampledColumns) continue;
      this.#sampled.add(name);
      const text = `CAST(${sqlName(name)} AS VARCHAR)`;
      const from = `SELECT ${text} AS text FROM read_parquet(${sqlText(localPath)}) WHERE ${sqlName(name)} IS NOT NULL`;
      // What made the type change is what the old one had no place for.
      const rows =
        before === null || before.type === 'binary'
          ? `${from} LIMIT ${rowsLookedAt}`
          : `${from} AND ${guardedValue({ text, type: before.type })} IS NULL LIMIT ${mostSamples}`;
      for (const { text: value } of await this.#db.rows(
        `SELECT DISTINCT left(text, ${longestSample + 1}) AS text FROM (${rows}) LIMIT ${mostSamples}`,
      ))
        this.#drift.sample(name, String(value));
    }
  }
}

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDb } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';
import type { Field } from '../lake/schema.ts';
import type { CopyOnWrite } from './copyOnWrite.ts';
import type { LakeReader } from './lakeReader.ts';
import type { MergeOptions } from './merge.ts';
import { type ScratchColumn, ScratchRows } from './scratchRows.ts';

export interface MergeSessionOptions {
  readonly db: DuckDb;
  readonly lake: LakeReader;
  readonly options: MergeOptions;
  readonly copyOnWrite: CopyOnWrite;
  /** Scratch that the caller removes. */
  readonly folder: string;
}

/** What every step of one merge shares. */
export class MergeSession {
  readonly db: DuckDb;
  readonly lake: LakeReader;
  readonly options: MergeOptions;
  readonly copyOnWrite: CopyOnWrite;
  readonly #folder: string;
  /** Two merges of one attempt never write the same key. */
  readonly #id = randomBytes(6).toString('hex');
  #files = 0;
  #objects = 0;

  constructor({ db, lake, options, copyOnWrite, folder }: MergeSessionOptions) {
    this.db = db;
    this.lake = lake;
    this.options = options;
    this.copyOnWrite = copyOnWrite;
    this.#folder = folder;
  }

  /** A path for a file of this merge alone, in its scratch folder. */
  scratchPath(purpose: string): string {
    return join(this.#folder, `${purpose}-${++this.#files}.parquet`);
  }

  scratchRows(columns: readonly ScratchColumn[]): ScratchRows {
    return new ScratchRows(this.db, columns, () => this.scratchPath('rows'));
  }

  /** Uploads a finished file, answers its path in the lake, and removes it here. */
  async publish(localPath: string, purpose: string): Promise<string> {
    try {
      this.options.signal.throwIfAborted();
      const number = String(++this.#objects).padStart(5, '0');
      const key = `${this.options.dataPrefix}${purpose}-${this.#id}-${number}.parquet`;
      return await this.options.upload(localPath, key);
    } finally {
      await rm(localPath, { force: true });
    }
  }

  /** Throws `internal_error` for a column that the table does not have. */
  field(name: string): Field {
    const field = this.options.schema.find((candidate) => candidate.name === name);
    if (field === undefined)
      throw new HeadgateError('internal_error', `The table has no column "${name}" to merge by`);
    return field;
  }

  fields(names: readonly string[]): readonly Field[] {
    return names.map((name) => this.field(name));
  }
}

import { rm } from 'node:fs/promises';
import type { DataFile } from '../lake/dataFile.ts';
import { dataFileFromStats } from '../lake/dataFileFromStats.ts';
import type { WrittenFile } from './csvToParquet.ts';

/** Numbers a loader's files, uploads them and removes them here at once. */
export class Publisher {
  readonly #prefix: string;
  readonly #upload: (localPath: string, key: string) => Promise<string>;
  #count = 0;

  constructor(prefix: string, upload: (localPath: string, key: string) => Promise<string>) {
    this.#prefix = prefix;
    this.#upload = upload;
  }

  /** null for a file without rows, which is not uploaded. */
  async publish(file: WrittenFile, sourceFile: string | null): Promise<DataFile | null> {
    try {
      if (file.rows === 0) return null;
      const key = `${this.#prefix}${String(++this.#count).padStart(5, '0')}.parquet`;
      const path = await this.#upload(file.localPath, key);
      return dataFileFromStats({
        path,
        fields: file.fields,
        stats: file.stats,
        ...(sourceFile === null ? {} : { sourceFile }),
      });
    } finally {
      await rm(file.localPath, { force: true });
    }
  }
}

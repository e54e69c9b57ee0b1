import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { SourceRecord } from '../connectors/connector.ts';
import { openJson } from '../formats/json/openJson.ts';
import { nestedMembers } from '../schema/nestedMembers.ts';
import type { LoaderState } from './loaderState.ts';
import { loadTabular } from './loadTabular.ts';
import { notReconciled } from './notReconciled.ts';
import type { WrittenRecords } from './recordWriter.ts';

const fullSpoolBytes = 64 * 2 ** 20;

/**
 * Records of a stream whose columns nobody declared: kept as JSON lines on disk and loaded like a JSON file, which
 * finds columns and types, every 64 MB and at the end.
 */
export class RecordSpool implements AsyncDisposable {
  readonly #state: LoaderState;
  #path = '';
  #stream: WriteStream | null = null;
  #bytes = 0;
  #records = 0;
  #rejected = 0;

  constructor(state: LoaderState) {
    this.#state = state;
  }

  /** What is rejected is known only when it is loaded. */
  async write(records: readonly SourceRecord[]): Promise<WrittenRecords> {
    let bytes = 0;
    for (const record of records) {
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      bytes += line.length;
      this.#records++;
      if (this.#stream === null) {
        this.#path = join(
          this.#state.options.workFolder,
          `${this.#state.scratchName('spool')}.jsonl`,
        );
        this.#stream = createWriteStream(this.#path);
      }
      const stream = this.#stream;
      if (!stream.write(line)) await once(stream, 'drain');
      this.#bytes += line.length;
      if (this.#bytes >= fullSpoolBytes) await this.#load();
    }
    return { bytes, rejected: 0 };
  }

  /** Loads what was kept. Answers how many records were rejected. */
  async end(): Promise<number> {
    await this.#load();
    return this.#rejected;
  }

  async #load(): Promise<void> {
    if (this.#stream === null) return;
    const { book, mask } = this.#state;
    this.#stream.end();
    await finished(this.#stream);
    const path = this.#path;
    const { read, written, rejected } = await loadTabular(this.#state, {
      file: await openJson(
        () => createReadStream(path),
        { format: 'jsonl' },
        nestedMembers(book, mask),
      ),
      types: {},
      name: this.#state.options.stream.name,
      sourceFile: null,
    });
    if (read !== this.#records || written + rejected !== this.#records)
      throw notReconciled(this.#state.options.stream.name, 'records were lost', {
        read: this.#records,
        written,
        rejected,
      });
    this.#rejected += rejected;
    await this[Symbol.asyncDispose]();
    this.#bytes = 0;
    this.#records = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.destroy();
    this.#stream = null;
    if (this.#path !== '') await rm(this.#path, { force: true });
  }
}

import { isAscii, isUtf8 } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import type { DuckDbRow } from '../duckdb/openDuckDb.ts';
import type { Field } from '../lake/schema.ts';
import { type ColumnRange, joined, noRange, rangeOf } from './chunkStatistics.ts';
import type { WrittenColumn } from './columnBuffers.ts';
import { encodeColumn, pageHeader } from './columnPages.ts';
import { compressPage } from './compressPage.ts';
import { type ColumnFacts, copyStatsRow } from './fileStatistics.ts';
import { footerOf, type WrittenChunk, type WrittenRowGroup } from './footer.ts';
import { PagePool } from './pagePool.ts';

const magic = Buffer.from('PAR1');

/** Pages that are being compressed, or wait to be written: what is held of a row group besides its values. */
const pagesInFlight = 6;

/** Bytes that go into the file at once, at least. */
const writtenBytes = 128 * 1024;

/** A page on its way into the file. */
interface PageWork {
  readonly chunk: OpenChunk;
  readonly isDictionary: boolean;
  readonly bytes: number;
  readonly header: (compressedBytes: number) => Buffer;
  readonly compressed: Promise<Buffer>;
}

interface OpenChunk {
  dictionaryOffset: number | null;
  dataOffset: number | null;
  compressedBytes: number;
  uncompressedBytes: number;
  readonly nulls: number;
  readonly range: ColumnRange;
}

/**
 * Writes one Parquet file of a flat table, row group by row group (parquet-format, README.md, "File format"): every
 * column optional, data pages v1 of about a megabyte, zstd, dictionaries where a chunk has few distinct values. The
 * file is one that `copyOptions` could have had DuckDB write: same types, ids and metadata.
 */
export class ParquetWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #fields: readonly Field[];
  readonly #rowGroups: WrittenRowGroup[] = [];
  readonly #pool = new PagePool();
  /** Where the next byte goes, once all that waits is written. */
  #offset = 0;
  /** What is not written yet, and its bytes: small pages go into the file together. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  private constructor(file: FileHandle, fields: readonly Field[]) {
    this.#file = file;
    this.#fields = fields;
  }

  /** `path` MUST be a new file. Once disposed of, the file is closed, and complete only if `end` was called. */
  static async create(path: string, fields: readonly Field[]): Promise<ParquetWriter> {
    const writer = new ParquetWriter(await open(path, 'wx'), fields);
    writer.#add(magic);
    return writer;
  }

  /** Bytes of the file until now. */
  get bytes(): number {
    return this.#offset;
  }

  /**
   * Writes one row group: a buffer for each field, of `rows` values and NULLs each. The buffers may be filled again
   * once it resolves. One call at a time. Throws a TypeError where a text is no UTF-8.
   */
  async writeRowGroup(buffers: readonly WrittenColumn[], rows: number): Promise<void> {
    const chunks: OpenChunk[] = [];
    const waiting: PageWork[] = [];
    try {
      for (const [index, buffer] of buffers.entries()) {
        const { name, type } = this.#fields[index] as Field;
        if (buffer.count + buffer.nulls.count !== rows)
          throw new RangeError(`${name}: ${buffer.count} values for ${rows} rows`);
        if (type === 'string') assertTexts(buffer);
        const { dictionary, pages } = encodeColumn(buffer, rows, this.#pool);
        const chunk: OpenChunk = {
          dictionaryOffset: null,
          dataOffset: null,
          compressedBytes: 0,
          uncompressedBytes: 0,
          nulls: buffer.nulls.count,
          range: rangeOf(buffer, dictionary),
        };
        chunks.push(chunk);
        for (const page of pages) {
          const { body } = page;
          const compressed = compressPage(body).finally(() => this.#pool.give(body));
          // Its turn to be awaited may come after another's failure.
          compressed.catch(() => undefined);
          waiting.push({
            chunk,
            isDictionary: page.isDictionary,
            bytes: body.length,
            header: (length) => pageHeader(page, body.length, length),
            compressed,
          });
          if (waiting.length > pagesInFlight) await this.#writePage(waiting.shift() as PageWork);
        }
      }
      for (let page = waiting.shift(); page !== undefined; page = waiting.shift())
        await this.#writePage(page);
    } finally {
      await Promise.allSettled(waiting.map(({ compressed }) => compressed));
    }
    this.#rowGroups.push({
      rows,
      chunks: chunks.map(
        (chunk): WrittenChunk => ({ ...chunk, dataOffset: chunk.dataOffset ?? 0 }),
      ),
    });
  }

  async #writePage({ chunk, isDictionary, bytes, header, compressed }: PageWork): Promise<void> {
    const body = await compressed;
    const head = header(body.length);
    if (isDictionary) chunk.dictionaryOffset = this.#offset;
    else chunk.dataOffset ??= this.#offset;
    chunk.compressedBytes += head.length + body.length;
    chunk.uncompressedBytes += head.length + bytes;
    this.#add(head, body);
    if (this.#waitingBytes >= writtenBytes) await this.#write();
  }

  /** Completes the file; answers its rows and the row that DuckDB's RETURN_STATS would have been. */
  async end(): Promise<{ readonly rows: number; readonly stats: DuckDbRow }> {
    const footer = footerOf(this.#fields, this.#rowGroups);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    this.#add(footer, length, magic);
    await this.#write();
    const rows = this.#rowGroups.reduce((sum, group) => sum + group.rows, 0);
    const facts = this.#fields.map((field, index): ColumnFacts => {
      const chunks = this.#rowGroups.map((group) => group.chunks[index] as WrittenChunk);
      return {
        field,
        range: chunks.reduce((range, chunk) => joined(range, chunk.range), noRange),
        values: rows,
        nulls: chunks.reduce((sum, chunk) => sum + chunk.nulls, 0),
        bytes: chunks.reduce((sum, chunk) => sum + chunk.compressedBytes, 0),
      };
    });
    return { rows, stats: copyStatsRow(rows, this.#offset, facts) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #add(...parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
      this.#offset += part.length;
    }
  }

  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    const start = this.#offset - bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        done,
        bytes.length - done,
        start + done,
      );
      done += bytesWritten;
    }
  }
}

/** Thrown for a text that is none. */
export class NotUtf8 extends TypeError {
  override readonly name = 'NotUtf8';
}

/** Looks at each value by itself only where the bytes of all, lengths among them, are not ASCII. */
function assertTexts(buffer: WrittenColumn): void {
  if (buffer.kind !== 'bytes') return;
  const { bytes, count } = buffer;
  if (isAscii(bytes.subarray(0, buffer.end))) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0, at = 0; index < count; index++) {
    const end = at + 4 + view.getInt32(at, true);
    for (let next = at + 4; next < end; next++)
      if ((bytes[next] as number) >= 0x80) {
        if (!isUtf8(bytes.subarray(next, end))) throw new NotUtf8('a text is not UTF-8');
        break;
      }
    at = end;
  }
}

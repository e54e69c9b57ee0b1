import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { fileUnreadable } from '../fileUnreadable.ts';
import { textRuns } from './xmlText.ts';

const pageBytes = 4 * 2 ** 20;
/** Pages held in memory; the others lie on disk. */
const mostPages = 16;
const longestItem = 2 ** 24;

/**
 * The texts that a workbook's cells share, by their number: as UTF-8 in pages, of which sixteen are in memory, so
 * that a workbook with millions of texts is read in bounded memory too.
 */
export class SharedStrings implements Disposable {
  readonly #path: string;
  #file: number | null = null;
  #ends = new Float64Array(1 << 12);
  #count = 0;
  #page = Buffer.alloc(0);
  #pageUsed = 0;
  #bytes = 0;
  /** Pages by number, least recently used first. */
  readonly #pages = new Map<number, Buffer>();
  readonly #written = new Set<number>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads the part `xl/sharedStrings.xml`. `path` is a scratch file that may be made. */
  static async read(xml: AsyncIterable<Uint8Array>, path: string): Promise<SharedStrings> {
    const strings = new SharedStrings(path);
    const decoder = new StringDecoder('utf8');
    let text = '';
    for await (const chunk of xml) {
      text += decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      text = text.slice(strings.#addAll(text));
      if (text.length > longestItem) throw fileUnreadable('A text of the workbook is too long.');
    }
    return strings;
  }

  get count(): number {
    return this.#count;
  }

  /** null when the workbook has no such text. */
  at(index: number): string | null {
    if (!(index >= 0) || index >= this.#count) return null;
    const start = index === 0 ? 0 : (this.#ends[index - 1] as number);
    return this.#slice(start, this.#ends[index] as number);
  }

  [Symbol.dispose](): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
  }

  /** Adds every whole item of the text; answers where the rest starts. */
  #addAll(text: string): number {
    let done = 0;
    const item = /<((?:\w+:)?si)(?:\s[^>]*)?(?:\/>|>)/g;
    while (true) {
      item.lastIndex = done;
      const start = item.exec(text);
      if (start === null) return Math.max(done, text.lastIndexOf('<'));
      if (start[0].endsWith('/>')) {
        this.#add('');
        done = item.lastIndex;
        continue;
      }
      const close = `</${start[1]}>`;
      const end = text.indexOf(close, item.lastIndex);
      if (end < 0) return start.index;
      this.#add(textRuns(text.slice(item.lastIndex, end)));
      done = end + close.length;
    }
  }

  #add(text: string): void {
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; ) {
      if (this.#pageUsed === this.#page.length) this.#nextPage();
      const taken = bytes.copy(this.#page, this.#pageUsed, from);
      this.#pageUsed += taken;
      this.#bytes += taken;
      from += taken;
    }
    if (this.#count === this.#ends.length) {
      const longer = new Float64Array(this.#ends.length * 2);
      longer.set(this.#ends);
      this.#ends = longer;
    }
    this.#ends[this.#count++] = this.#bytes;
  }

  #nextPage(): void {
    this.#page = Buffer.allocUnsafeSlow(pageBytes);
    this.#pageUsed = 0;
    this.#keep(this.#bytes / pageBytes, this.#page);
  }

  #keep(number: number, page: Buffer): void {
    this.#pages.set(number, page);
    if (this.#pages.size <= mostPages) return;
    const [oldest, bytes] = this.#pages.entries().next().value as [number, Buffer];
    this.#pages.delete(oldest);
    if (this.#written.has(oldest)) return;
    this.#written.add(oldest);
    // A page is full before the next begins, and never changes then.
    this.#file ??= openSync(this.#path, 'w+', 0o600);
    writeSync(this.#file, bytes, 0, pageBytes, oldest * pageBytes);
  }

  #pageAt(number: number): Buffer {
    const held = this.#pages.get(number);
    if (held !== undefined) {
      this.#pages.delete(number);
      this.#pages.set(number, held);
      return held;
    }
    const page = Buffer.allocUnsafeSlow(pageBytes);
    readSync(this.#file as number, page, 0, pageBytes, number * pageBytes);
    this.#keep(number, page);
    return page;
  }

  #slice(start: number, end: number): string {
    if (start === end) return '';
    const first = Math.floor(start / pageBytes);
    const from = start - first * pageBytes;
    const length = end - start;
    if (from + length <= pageBytes)
      return this.#pageAt(first).toString('utf8', from, from + length);
    const parts: Buffer[] = [];
    for (let at = start; at < end; ) {
      const number = Math.floor(at / pageBytes);
      const offset = at - number * pageBytes;
      const part = this.#pageAt(number).subarray(
        offset,
        offset + Math.min(end - at, pageBytes - offset),
      );
      parts.push(part);
      at += part.length;
    }
    return Buffer.concat(parts).toString('utf8');
  }
}

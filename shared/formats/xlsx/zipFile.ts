import type { Entry, ZipFile as YauzlFile } from 'yauzl';
import { fileUnreadable } from '../fileUnreadable.ts';

const mostEntries = 10_000;
/** XML deflates to a tenth or, when repetitive, a hundredth. */
const mostExpansion = 500;
const freeBytes = 100 * 2 ** 20;

/** The entries of a zip file on disk. */
export interface ZipFile extends Disposable {
  has(name: string): boolean;
  /** An entry's bytes, decompressed while they are read. Throws `file_unreadable` when they are damaged. */
  read(name: string): AsyncIterable<Uint8Array>;
  /** A small entry as text. */
  text(name: string): Promise<string>;
}

const longestText = 64 * 2 ** 20;

/** Throws `file_unreadable` for a damaged, encrypted or overly expanding archive. */
export async function openZip(path: string): Promise<ZipFile> {
  const yauzl = await import('yauzl');
  let file: YauzlFile;
  const entries = new Map<string, Entry>();
  try {
    file = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
    for await (const entry of file.eachEntry()) {
      if (entries.size === mostEntries) throw new Error(`more than ${mostEntries} entries`);
      // Producers on Windows have been seen to write backslashes and a leading slash.
      entries.set(entry.fileName.replaceAll('\\', '/').replace(/^\//, ''), entry);
    }
  } catch (error) {
    throw damaged(error);
  }
  async function* read(name: string): AsyncGenerator<Uint8Array> {
    const entry = entries.get(name);
    if (entry === undefined) throw fileUnreadable(`The workbook lacks its part ${name}.`);
    if (entry.isEncrypted())
      throw fileUnreadable('The workbook is encrypted. Save it without a password.');
    const { uncompressedSize, compressedSize } = entry;
    if (uncompressedSize > freeBytes && uncompressedSize > compressedSize * mostExpansion)
      throw fileUnreadable(
        `The workbook's ${name} expands to more than ${mostExpansion} times its size.`,
      );
    try {
      for await (const chunk of await file.openReadStreamPromise(entry)) yield chunk as Uint8Array;
    } catch (error) {
      throw damaged(error);
    }
  }
  return {
    has: (name) => entries.has(name),
    read,
    async text(name) {
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of read(name)) {
        parts.push(chunk);
        size += chunk.length;
        if (size > longestText) throw fileUnreadable(`The workbook's ${name} is too large.`);
      }
      return Buffer.concat(parts)
        .toString('utf8')
        .replace(/^\ufeff/, '');
    },
    [Symbol.dispose]: () => file.close(),
  };
}

const damaged = (error: unknown): Error =>
  fileUnreadable(
    `The workbook is damaged or cut off: ${error instanceof Error ? error.message : String(error)}. Upload it again.`,
    {},
    error,
  );

import { HeadgateError } from '../errors.ts';
import { type DetectedEncoding, decodeText, detectEncoding, type Encoding } from './decodeText.ts';
import { fileUnreadable } from './fileUnreadable.ts';
import { takeBytes } from './takeBytes.ts';

const headBytes = 4096;

/** A text file whose compression is gone, decoded to UTF-8 as often as needed. */
export class TextSource {
  readonly #open: () => AsyncIterable<Uint8Array>;
  readonly #detected: DetectedEncoding;
  #encoding: Encoding;

  private constructor(open: () => AsyncIterable<Uint8Array>, detected: DetectedEncoding) {
    this.#open = open;
    this.#detected = detected;
    this.#encoding = detected.encoding;
  }

  /** Throws `file_unreadable` for a file without a byte, or one that is no text. */
  static async open(
    open: () => AsyncIterable<Uint8Array>,
    chosen: Encoding | undefined,
  ): Promise<TextSource> {
    const { bytes } = await takeBytes(open(), headBytes);
    if (bytes.length === 0) throw fileUnreadable('The file is empty (0 bytes).');
    const source = new TextSource(open, detectEncoding(bytes, chosen));
    const zeros = bytes.filter((byte) => byte === 0).length;
    if (!source.#encoding.startsWith('utf-16') && zeros > bytes.length / 100)
      throw fileUnreadable('The file is not text: it is full of zero bytes.');
    return source;
  }

  /** Bytes of the byte order mark. */
  get markBytes(): number {
    return this.#detected.markBytes;
  }

  /** The encoding, final once all chunks were read. */
  get encoding(): Encoding {
    return this.#encoding;
  }

  /**
   * UTF-8 without a byte order mark, from the start. Throws `file_unreadable` with `{ offset, line }` of a byte that
   * cannot be decoded.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const decoding = decodeText(this.#open(), this.#detected);
    try {
      for await (const chunk of decoding.chunks) {
        this.#encoding = decoding.encoding;
        yield chunk;
      }
    } catch (error) {
      throw await this.#located(error);
    }
    this.#encoding = decoding.encoding;
  }

  /** Adds the line to an error that knows only the byte, by reading up to it once more. */
  async #located(error: unknown): Promise<unknown> {
    if (!(error instanceof HeadgateError)) return error;
    const { offset } = error.facts;
    if (typeof offset !== 'number') return error;
    let line = 1;
    let seen = 0;
    for await (const chunk of this.#open()) {
      const part = chunk.subarray(0, offset - seen);
      for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) line++;
      seen += chunk.length;
      if (seen >= offset) break;
    }
    return fileUnreadable(`Line ${line}: ${error.message}`, { ...error.facts, line }, error);
  }
}

import { createHash, type Hash } from 'node:crypto';

/**
 * Files are hashed in pieces of so many bytes once they are cut. Never changed: the same bytes would get another
 * hash.
 */
export const usualPieceBytes = 64 * 2 ** 20;

/**
 * SHA-256 of each piece of a file, which readers of different stretches can find side by side. Pieces are `bytes`
 * long and begin at multiples of it; the last may be shorter. Scanned stretches MUST begin where a piece does.
 */
export class PieceHashes {
  readonly #bytes: number;
  #hash: Hash = createHash('sha256');
  #used = 0;
  readonly #pieces: string[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  scan(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      const part = chunk.subarray(from, from + this.#bytes - this.#used);
      this.#hash.update(part);
      this.#used += part.length;
      from += part.length;
      if (this.#used === this.#bytes) this.#end();
    }
  }

  /** Hex, in order. Nothing is scanned after it. */
  pieces(): readonly string[] {
    if (this.#used > 0) this.#end();
    return this.#pieces;
  }

  #end(): void {
    this.#pieces.push(this.#hash.digest('hex'));
    this.#hash = createHash('sha256');
    this.#used = 0;
  }
}

/** One hash for a file that was hashed in pieces: SHA-256 over theirs, hex. The same bytes have the same. */
export const hashOfPieces = (pieces: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.from(pieces.join(''), 'hex'))
    .digest('hex');

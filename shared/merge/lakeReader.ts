import { HeadgateError } from '../errors.ts';
import type { ByteRange } from './parquetFooter.ts';

/** Bytes nobody asked for that are cheaper to fetch than another request. */
const gapBytes = 64 * 1024;
const pieceBytes = 4 * 1024 * 1024;
/** With `pieceBytes` this bounds the memory of all that is under way. */
const mostRequests = 8;

/** Reads the lake in ranges: a few requests at a time, and every byte is counted. */
export class LakeReader {
  readonly #readRange: (path: string, from: number, to: number) => Promise<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #bytesRead = 0;

  constructor(
    readRange: (path: string, from: number, to: number) => Promise<Uint8Array>,
    signal: AbortSignal,
  ) {
    this.#readRange = readRange;
    this.#signal = signal;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Throws `internal_error` when the object ends before the range does. */
  read(path: string, range: ByteRange): Promise<Uint8Array> {
    return this.#inTurn(() => this.#fetch(path, range));
  }

  /** Reads ranges as few large pieces, each handed over with where it begins, in no order. Ends when all calls did. */
  async readAll(
    path: string,
    ranges: readonly ByteRange[],
    take: (bytes: Uint8Array, from: number) => Promise<void>,
  ): Promise<void> {
    const calls = piecesOf(ranges).map((piece) =>
      this.#inTurn(async () => take(await this.#fetch(path, piece), piece.from)),
    );
    const failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #fetch(path: string, { from, to }: ByteRange): Promise<Uint8Array> {
    this.#signal.throwIfAborted();
    const bytes = await this.#readRange(path, from, to);
    this.#bytesRead += bytes.length;
    if (bytes.length !== to - from)
      throw new HeadgateError('internal_error', `${path} ends before byte ${to}`);
    return bytes;
  }

  async #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#running >= mostRequests)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await call();
    } finally {
      // Whoever waits takes over this place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** The ranges joined where they lie close together, and cut where they are large. */
export function piecesOf(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((left, right) => left.from - right.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from - last.to <= gapBytes) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined.flatMap(({ from, to }) =>
    Array.from({ length: Math.ceil((to - from) / pieceBytes) }, (_, index) => ({
      from: from + index * pieceBytes,
      to: Math.min(to, from + (index + 1) * pieceBytes),
    })),
  );
}

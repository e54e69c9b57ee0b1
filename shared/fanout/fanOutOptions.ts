import { usualPieceBytes } from '../formats/ranges/pieceHashes.ts';

/** When a stream's work is shared out among units that run side by side, and in what portions. */
export interface FanOutOptions {
  /** Units at work at a time: small where the source is a database. */
  readonly concurrency: number;
  /** A file of so many bytes, plain CSV, JSON lines or Parquet, is cut into parts. */
  readonly minBytes: number;
  /** Bytes of a part, and of the files that one unit loads, about. */
  readonly unitBytes: number;
  /** More waiting files than this are shared out, whatever their size. */
  readonly minFiles: number;
  /** Files that one unit loads, at most. */
  readonly filesPerUnit: number;
}

/** Parts begin where pieces do, so that each piece is hashed by one unit. */
export const pieceBytesOf = ({ unitBytes }: FanOutOptions): number =>
  Math.min(usualPieceBytes, unitBytes);

/** `bytes`: from when a file is cut, and of a part. `files`: from how many on they are shared out. */
export function fanOutOptions(settings: {
  readonly concurrency: number;
  readonly bytes: number;
  readonly files: number;
}): FanOutOptions {
  const { concurrency, bytes, files } = settings;
  const pieces = Math.max(1, Math.floor(bytes / usualPieceBytes));
  return {
    concurrency,
    minBytes: bytes,
    unitBytes: bytes < usualPieceBytes ? bytes : pieces * usualPieceBytes,
    minFiles: files,
    filesPerUnit: Math.max(1, Math.ceil(files / 2)),
  };
}

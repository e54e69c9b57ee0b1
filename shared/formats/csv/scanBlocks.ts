import { blocksAhead } from '../tabularFile.ts';

/** Finds the rows of a block. See `CsvScanner.scan`. */
export interface RowScanner {
  scan(block: Buffer, isLast: boolean): { readonly consumed: number; readonly kept: number };
}

const blockBytes = 1 << 20;

/**
 * Runs a stream through a scanner in blocks that take turns, so that `blocksAhead` of them can wait to be written
 * while the next is filled. A row longer than a block gets a block that doubles until the row fits.
 */
export async function* scanBlocks(
  chunks: AsyncIterable<Uint8Array>,
  skipBytes: number,
  scanner: RowScanner,
): AsyncGenerator<Uint8Array> {
  const others: Buffer[] = [];
  let block: Buffer = Buffer.allocUnsafeSlow(blockBytes);
  let used = 0;
  let toSkip = skipBytes;

  /** Scans what is there; the unfinished row moves to the front of the following block. */
  const scan = (isLast: boolean): Uint8Array => {
    const { consumed, kept } = scanner.scan(block.subarray(0, used), isLast);
    const rest = used - consumed;
    const rows = block.subarray(0, kept);
    const needed = Math.max(blockBytes, rest * 2);
    // The one whose turn was longest ago; none of them is the consumer's any more.
    const oldest = others.length > blocksAhead ? others.shift() : undefined;
    const next = oldest?.length === needed ? oldest : Buffer.allocUnsafeSlow(needed);
    block.copy(next, 0, consumed, used);
    // One that grew for a long row is not worth keeping.
    if (block.length === blockBytes) others.push(block);
    block = next;
    used = rest;
    return rows;
  };

  for await (const chunk of chunks) {
    let from = Math.min(toSkip, chunk.length);
    toSkip -= from;
    while (from < chunk.length) {
      const count = Math.min(chunk.length - from, block.length - used);
      block.set(chunk.subarray(from, from + count), used);
      used += count;
      from += count;
      if (used === block.length) {
        const rows = scan(false);
        if (rows.length > 0) yield rows;
      }
    }
  }
  const rows = scan(true);
  if (rows.length > 0) yield rows;
}

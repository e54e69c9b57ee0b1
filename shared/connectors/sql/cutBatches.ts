import type { Column } from '../../lake/schema.ts';
import type { ColumnSink, FilledRows } from '../columnSink.ts';
import type { Batch, BatchBody } from '../connector.ts';
import type { RowBlock, RowReader } from './sqlDialect.ts';

/** A batch ends when it reaches the first of these. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
  /** So that a slow source, too, commits regularly. */
  readonly seconds: number;
}

/**
 * Large enough that a batch's own cost vanishes, small enough that little is read again after a crash: a few
 * seconds' worth.
 */
export const batchLimits: BatchLimits = { rows: 4_000_000, bytes: 256 * 2 ** 20, seconds: 30 };

/** Rows asked for at once: well above what a reader gathers before it hands over. */
const rowsPerBlock = 100_000;

export interface Cutting<Checkpoint> {
  readonly columns: readonly Column[];
  /**
   * Indexes of the columns that the rows are ordered by. null: unordered, so no position within can be resumed
   * from, and everything is one batch, unless the reader knows its place in a kept result.
   */
  readonly order: readonly number[] | null;
  /** Whether no two rows share their order values; else a batch ends only where these change. */
  readonly unique: boolean;
  readonly limits: BatchLimits;
  readonly now: () => Date;
  /** Read ahead of it or not, nothing is delivered after it aborts. */
  readonly signal: AbortSignal;
  /** Of a batch whose last row has these order values; `done`: nothing follows. `place`: of the row that follows. */
  readonly checkpoint: (
    after: readonly string[] | null,
    done: boolean,
    place: string | null,
  ) => Checkpoint;
  readonly translate: (error: unknown) => unknown;
}

/**
 * Cuts one stream of rows into batches, each with the checkpoint of its last row. At least one batch: an empty
 * read, too, ends with a checkpoint.
 */
export async function* cutBatches<Checkpoint>(
  reader: RowReader,
  cutting: Cutting<Checkpoint>,
): AsyncGenerator<Batch<Checkpoint>> {
  const { columns, order, limits, now, signal, checkpoint, translate } = cutting;
  const keepsPlace = order === null && reader.place !== undefined;
  const canCut = order !== null || keepsPlace;
  const unique = cutting.unique || keepsPlace;
  const placeNow = (): string | null => reader.place?.() ?? null;
  const positionOf = (block: RowBlock): readonly string[] => {
    const row = block.last();
    // No value of an ordered column is empty text where null is possible too.
    return (order ?? []).map((index) => row[index] ?? '');
  };
  const differs = (a: RowBlock, b: RowBlock): boolean => {
    const [left, right] = [positionOf(a), positionOf(b)];
    return left.some((value, index) => value !== right[index]);
  };

  let pending = await reader.next(Math.min(rowsPerBlock, limits.rows));
  if (pending === null) {
    yield {
      body: { kind: 'records', records: [] },
      columns,
      checkpoint: checkpoint(null, true, null),
    };
    return;
  }
  while (pending !== null) {
    let block: RowBlock = pending;
    let place = placeNow();
    let drained = false;
    const blocks = async function* (): AsyncGenerator<RowBlock> {
      const startedAt = now().getTime();
      for (let [rows, bytes] = [0, 0]; ; ) {
        yield block;
        rows += block.rows;
        bytes += block.bytes.byteLength;
        const full =
          canCut &&
          (rows >= limits.rows ||
            bytes >= limits.bytes ||
            now().getTime() - startedAt >= limits.seconds * 1000);
        // Past the limit one row at a time, until the order values change.
        pending = await next(full ? (unique ? limits.rows : 1) : limits.rows - rows);
        if (pending === null || (full && (unique || differs(block, pending)))) break;
        block = pending;
        place = placeNow();
      }
      drained = true;
    };
    const next = async (maxRows: number): Promise<RowBlock | null> => {
      try {
        signal.throwIfAborted();
        return await reader.next(!canCut ? rowsPerBlock : Math.min(maxRows, rowsPerBlock));
      } catch (error) {
        throw translate(error);
      }
    };
    yield {
      body: bodyOf(reader, blocks),
      columns,
      checkpoint: () =>
        checkpoint(order === null ? null : positionOf(block), pending === null, place),
    };
    signal.throwIfAborted();
    if (!drained)
      throw new Error('the next batch was asked for before this one was read to its end');
  }
}

/** As text, or decoded where the reader does that. */
const bodyOf = (reader: RowReader, blocks: () => AsyncIterable<RowBlock>): BatchBody =>
  reader.decode === undefined
    ? {
        kind: 'copyCsv',
        async *open(): AsyncGenerator<Uint8Array> {
          for await (const { bytes } of blocks()) yield bytes;
        },
      }
    : {
        kind: 'columns',
        async *fill(sink: ColumnSink): AsyncGenerator<FilledRows> {
          for await (const block of blocks()) {
            reader.decode?.(block, sink);
            yield { rows: block.rows, bytes: block.bytes.byteLength };
          }
        },
      };

import { HeadgateError } from '../../errors.ts';
import type { Batch, Context, SourceRecord, StreamRequest } from '../connector.ts';
import { type LogCheckpoint, mostPartitions } from './logCheckpoint.ts';
import type { LogOptions } from './logOptions.ts';
import type { LogDecoder, LogDialect, LogSlice } from './logSession.ts';
import { planPartitions } from './planPartitions.ts';
import { recordRow } from './recordRow.ts';

export interface LogLimits {
  /** Of one batch. */
  readonly rows: number;
}

/** An answer of the log is cut into batches of so many rows. */
export const logLimits: LogLimits = { rows: 20_000 };

/** Fetches that answer nothing before a log is taken for stuck. */
const mostEmpty = 20;

/**
 * Reads one topic from where the last read ended up to where each partition ended when this one began. The offsets are
 * the checkpoint, so that rows and offsets are committed together: no record is lost and none doubled, although the log
 * itself delivers at least once.
 *
 * With `_key` as primary key a record without a value is a tombstone; otherwise it is a row like any other.
 */
export async function* readTopic<Config extends LogOptions, Credentials>(
  dialect: LogDialect<Config, Credentials>,
  context: Context<Config, Credentials>,
  request: StreamRequest,
  from: LogCheckpoint | null,
  limits: LogLimits,
): AsyncGenerator<Batch<LogCheckpoint>> {
  const { config, log, signal } = context;
  await using session = await dialect.connect(context);
  const bounds = await session.bounds(request.name);
  if (bounds.size > mostPartitions)
    throw new HeadgateError(
      'invalid_config',
      `${request.name} has ${bounds.size} partitions; up to ${mostPartitions} can be read.`,
      { facts: { stream: request.name } },
    );
  if (from?.ends === null && request.mode !== 'incremental') {
    // A whole read only ever goes on in itself: stopped between its last record and its end.
    yield { body: { kind: 'records', records: [] }, checkpoint: from };
    return;
  }
  const { next, ends, skipped } = planPartitions(config, request, bounds, from);
  if (skipped !== null)
    log.warn('records were dropped by retention before they were read', {
      stream: request.name,
      offsets: String([...skipped.values()].reduce((sum, count) => sum + count, 0n)),
      partitions: [...skipped.keys()],
    });
  const decoder = await dialect.decoder(context);
  const byKey = request.primaryKey.length === 1 && request.primaryKey[0] === '_key';
  const place = (): LogCheckpoint => {
    const isOver = [...next].every(([partition, at]) => at >= (ends.get(partition) ?? 0n));
    return { v: 1, next: texts(next), ends: isOver ? null : texts(ends) };
  };

  let empty = 0;
  let delivered = false;
  for (;;) {
    const positions = new Map(
      [...next].filter(([partition, at]) => at < (ends.get(partition) ?? 0n)),
    );
    if (positions.size === 0) break;
    signal.throwIfAborted();
    const slices = await session.fetch(request.name, positions);
    const moved = slices.some(({ partition, next: to }) => to > (next.get(partition) ?? 0n));
    empty = moved ? 0 : empty + 1;
    if (empty >= mostEmpty)
      throw new HeadgateError(
        'source_unreachable',
        `${request.name} answers no records although its partitions ${[...positions.keys()].slice(0, 10).join(', ')} have some.`,
        { facts: { stream: request.name } },
      );
    for (const slice of slices) {
      // Another partition's turn: an answer holds only so much.
      if (slice.next <= (next.get(slice.partition) ?? 0n)) continue;
      for await (const batch of batchesOf(slice, ends, byKey, decoder, limits)) {
        signal.throwIfAborted();
        next.set(slice.partition, batch.next);
        delivered = true;
        yield { ...batch.batch, checkpoint: place() };
      }
    }
  }
  // What was asked for is there, and nothing of it moved the position: the read still has to end with one.
  if (!delivered || place().ends !== null)
    yield { body: { kind: 'records', records: [] }, checkpoint: place() };
}

/** Cuts a slice where records turn into tombstones and back, at the frozen end, and after so many rows. */
async function* batchesOf(
  { partition, records, next }: LogSlice,
  ends: ReadonlyMap<number, bigint>,
  byKey: boolean,
  decoder: LogDecoder,
  limits: LogLimits,
): AsyncGenerator<{ readonly batch: Batch<never>; readonly next: bigint }> {
  const end = ends.get(partition) ?? 0n;
  const wanted = records.filter(({ offset }) => offset < end);
  const finish = next > end ? end : next;
  let rows: SourceRecord[] = [];
  let tombstones = false;
  const batch = (): Batch<never> => ({
    body: { kind: 'records', records: rows },
    ...(tombstones ? { tombstones } : {}),
  });
  for (const record of wanted) {
    const isTombstone = byKey && record.value === null;
    if (rows.length > 0 && (isTombstone !== tombstones || rows.length >= limits.rows)) {
      yield { batch: batch(), next: record.offset };
      rows = [];
    }
    tombstones = isTombstone;
    const row = await recordRow(partition, record, decoder);
    rows.push(isTombstone ? { _key: row['_key'] ?? null } : row);
  }
  yield { batch: batch(), next: finish };
}

const texts = (offsets: ReadonlyMap<number, bigint>): Record<string, string> =>
  Object.fromEntries([...offsets].map(([partition, offset]) => [partition, String(offset)]));

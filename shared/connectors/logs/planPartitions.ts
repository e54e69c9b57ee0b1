import { HeadgateError } from '../../errors.ts';
import type { StreamRequest } from '../connector.ts';
import type { LogCheckpoint } from './logCheckpoint.ts';
import type { LogOptions } from './logOptions.ts';
import type { LogBounds } from './logSession.ts';

/** What one read covers: of each partition, from `next` up to `ends`, exclusive. Partitions with nothing to read, too. */
export interface LogPlan {
  readonly next: Map<number, bigint>;
  readonly ends: Map<number, bigint>;
  /** Records that are gone, by partition; null where nothing is. */
  readonly skipped: ReadonlyMap<number, bigint> | null;
}

/**
 * Decides where each partition begins and ends. A read that was stopped goes on to the ends it froze. A full refresh
 * takes what there is; an incremental read misses nothing, or fails.
 * Throws `cursor_expired` for records that are gone, and for a topic that was made anew.
 */
export function planPartitions(
  options: LogOptions,
  request: StreamRequest,
  bounds: ReadonlyMap<number, LogBounds>,
  from: LogCheckpoint | null,
): LogPlan {
  const isWhole = request.mode !== 'incremental';
  const next = new Map<number, bigint>();
  const ends = new Map<number, bigint>();
  const gone = new Map<number, bigint>();
  for (const [partition, { earliest, end }] of bounds) {
    const stored = from?.next[String(partition)];
    const frozen = from?.ends?.[String(partition)];
    const position = stored === undefined ? null : BigInt(stored);
    // A partition that was added since is read from its beginning: it has had no other reader.
    const isFirst = from === null;
    const begin = isFirst && !isWhole && options.startFrom === 'latest' ? end : earliest;
    if (position !== null && position > end) throw madeAnew(request, partition, position, end);
    if (position !== null && position < earliest) gone.set(partition, earliest - position);
    const at = position === null || position < earliest ? begin : position;
    next.set(partition, at);
    // Of an unfinished read, a partition without a frozen end was added meanwhile: it is left to the next one.
    const stop = from?.ends == null ? end : frozen === undefined ? at : BigInt(frozen);
    ends.set(partition, stop < at ? at : stop);
  }
  const lost = Object.keys(from?.next ?? {}).find((partition) => !bounds.has(Number(partition)));
  if (lost !== undefined) throw madeAnew(request, Number(lost), null, null);
  if (gone.size > 0 && !isWhole && options.onGap === 'fail') throw expired(request, gone);
  return { next, ends, skipped: gone.size === 0 ? null : gone };
}

function expired(request: StreamRequest, gone: ReadonlyMap<number, bigint>): HeadgateError {
  const total = [...gone.values()].reduce((sum, count) => sum + count, 0n);
  return new HeadgateError(
    'cursor_expired',
    `${total} offsets of ${request.name} were dropped by retention before they were read, in partition ${[...gone.keys()].slice(0, 10).join(', ')}. Run more often or keep records longer; then start a full refresh, or set "onGap" to skip to go on without them.`,
    { facts: { stream: request.name, offsets: String(total) } },
  );
}

const madeAnew = (
  request: StreamRequest,
  partition: number,
  position: bigint | null,
  end: bigint | null,
): HeadgateError =>
  new HeadgateError(
    'cursor_expired',
    position === null
      ? `Partition ${partition} of ${request.name} is not there any more: the topic was made anew. Start a full refresh.`
      : `Partition ${partition} of ${request.name} was read up to offset ${position} and now ends at ${end}: the topic was made anew. Start a full refresh.`,
    { facts: { stream: request.name, partition } },
  );

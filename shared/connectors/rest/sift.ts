import { createHash } from 'node:crypto';
import type { Json } from '../../json.ts';
import { at } from './paths.ts';
import type { RestSweep } from './restCheckpoint.ts';
import type { RestStream } from './restStream.ts';
import { millisecondsOf } from './times.ts';

/** A digest costs 15 bytes of checkpoint; what is not remembered comes again and is told apart by the loader. */
const mostRecent = 400;

/** Records inside the window that were not delivered by the read before. */
export function sift<Config, Credentials>(
  stream: RestStream<Config, Credentials>,
  sweep: RestSweep,
  known: ReadonlySet<string>,
  records: readonly Json[],
): { kept: readonly Json[]; recent: string[]; seen: string | null } {
  const timed =
    sweep.pass === 'deletions'
      ? stream.deletions
      : sweep.pass === 'changes' && stream.changes?.kind === 'window'
        ? stream.changes
        : undefined;
  if (timed === undefined) return { kept: records, recent: [...sweep.recent], seen: sweep.seen };
  const lower = sweep.lower === null ? Number.NEGATIVE_INFINITY : Date.parse(sweep.lower);
  const upper = Date.parse(sweep.upper);
  const overlap = stream.changes?.kind === 'window' ? stream.changes.overlapSeconds * 1000 : 0;
  const recent = [...sweep.recent];
  let latest = sweep.seen === null ? Number.NEGATIVE_INFINITY : Date.parse(sweep.seen);
  const kept = records.filter((record) => {
    const time = millisecondsOf(at(record, timed.time), timed.format);
    if (time === null) return true;
    if (time < lower || time >= upper) return false;
    latest = Math.max(latest, time);
    const repeatable = time >= upper - overlap && recent.length < mostRecent;
    if (!repeatable && known.size === 0) return true;
    const digest = digestOf(record);
    if (repeatable) recent.push(digest);
    return !known.has(digest);
  });
  return {
    kept,
    recent,
    seen: Number.isFinite(latest) ? new Date(latest).toISOString() : null,
  };
}

const digestOf = (record: Json): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('base64url').slice(0, 12);

import { HeadgateError } from '../errors.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Counts } from '../staging/streamLoader.ts';

/** How many rejected rows a commit may have; null: any number. */
export interface RejectLimits {
  readonly maxRejectedRows: number | null;
  readonly maxRejectedRatio: number | null;
}

/** The limits of one stream: its own, else its source's. */
export function rejectLimitsOf(
  { streams, rules }: Pick<SourceItem, 'streams' | 'rules'>,
  stream: string,
): RejectLimits {
  const own = streams?.[stream];
  const pick = <Name extends keyof RejectLimits>(name: Name): number | null => {
    const value = own?.[name];
    return value === undefined ? (rules?.[name] ?? null) : value;
  };
  return {
    maxRejectedRows: pick('maxRejectedRows'),
    maxRejectedRatio: pick('maxRejectedRatio'),
  };
}

/**
 * Throws `too_many_rejects` when more rows of a stream were rejected than its settings allow. `counts`: the sum of
 * everything the run read of the stream so far, this commit with it. MUST be called before the commit.
 */
export function assertRejectLimits(
  stream: string,
  { maxRejectedRows, maxRejectedRatio }: RejectLimits,
  { read, rejected }: Pick<Counts, 'read' | 'rejected'>,
): void {
  if (rejected === 0) return;
  const facts = { stream, read, rejected, maxRejectedRows, maxRejectedRatio };
  const limit =
    maxRejectedRows !== null && rejected > maxRejectedRows
      ? `${maxRejectedRows} may be`
      : maxRejectedRatio !== null && rejected > read * maxRejectedRatio
        ? `at most ${Number((maxRejectedRatio * 100).toFixed(4))} % may be`
        : null;
  if (limit === null) return;
  throw new HeadgateError(
    'too_many_rejects',
    `${rejected} of ${read} rows of "${stream}" were rejected, and ${limit}. Nothing of it was committed: look at the source, or allow more.`,
    { facts },
  );
}

import type { RunItem } from './runItem.ts';

/** The attempt whose work became the run's commit `seq`; null where that is not known, or did not happen. */
export function attemptOf({ attempts, committedSeq }: RunItem, seq: number): number | null {
  if (attempts === undefined || seq > committedSeq) return null;
  return attempts.findLast(({ from }) => from <= seq)?.attempt ?? null;
}

/** The run's attempts once one of them makes commit `seq`, the next. */
export function withAttempt(
  { attempts = [] }: RunItem,
  seq: number,
  attempt: number,
): NonNullable<RunItem['attempts']> {
  return attempts.at(-1)?.attempt === attempt ? attempts : [...attempts, { from: seq, attempt }];
}

import type * as z from 'zod';
import type { Json } from '../json.ts';
import type { LockItem } from '../runs/lockItem.ts';
import type { RunLogLine } from '../runs/readRunLog.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { runLog } from './schemas/run.ts';

type RunLog = z.infer<typeof runLog>;
type Entry = RunLog['entries'][number];

/**
 * What happened in a run, in order, from what its history item and its source's lock hold and its functions logged: who asked, when it got
 * its turn, how far it is, what became of each stream, how it ended and why.
 */
export function runLogOf(
  run: RunItem,
  lock: LockItem | null,
  lines: readonly RunLogLine[],
): RunLog {
  const { request, counts, finishedAt, error } = run;
  const entries: Entry[] = [];
  const say = (
    at: string,
    level: Entry['level'],
    message: string,
    facts?: Readonly<Record<string, Json | undefined>>,
  ): void => {
    const known = Object.entries(facts ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    entries.push({
      at,
      level,
      message,
      ...(known.length === 0 ? {} : { facts: Object.fromEntries(known) }),
    });
  };
  say(run.createdAt, 'info', `Requested by ${run.requestedBy}`, {
    kind: request.kind,
    trigger: run.trigger,
    mode: request.mode,
    startDate: request.startDate,
    endDate: request.endDate,
    streams: request.streams,
    files: request.files,
  });
  if (run.startedAt !== undefined) say(run.startedAt, 'info', 'Started', { token: run.token });
  const until = finishedAt ?? run.startedAt ?? run.createdAt;
  if (lock?.owner?.runId === run.runId && lock.progress !== undefined)
    say(until, 'info', 'Reading', { ...lock.progress });
  for (const [stream, outcome] of Object.entries(run.streams)) {
    if (outcome.status === 'succeeded')
      say(until, 'info', `${stream}: ${outcome.counts.written} rows`, { ...outcome.counts });
    else
      say(until, 'error', `${stream}: ${outcome.error?.message ?? 'failed'}`, {
        code: outcome.error?.code,
        ...outcome.counts,
      });
  }
  if (counts.rejected > 0)
    say(until, 'warn', `${counts.rejected} rows were rejected; the rejects say why`);
  if (finishedAt !== undefined) {
    const ended = run.result === undefined ? run.status : `${run.status} (${run.result})`;
    const level =
      run.status === 'failed' || run.status === 'timed_out'
        ? 'error'
        : run.status === 'succeeded'
          ? 'info'
          : 'warn';
    const reason = error === undefined ? '' : `: ${error.message}`;
    say(finishedAt, level, `Ended: ${ended}${reason}`, {
      ...counts,
      code: error?.code,
      ...error?.facts,
    });
  }
  const said = [...entries, ...lines.map((line) => ({ ...line }))];
  return { runId: run.runId, entries: said.sort((a, b) => a.at.localeCompare(b.at)) };
}

import type { ObjectStore } from '../lake/tableChange.ts';
import { createLog, type Log } from '../log.ts';

/** Lines of one invocation that are kept; more would be noise to a person. */
const mostLines = 1000;

/** A log whose lines are also kept for the run they are about. One invocation at a time. */
export interface RunLog {
  readonly log: Log;
  /** The redacted lines since the last call, oldest first. */
  take(): readonly string[];
}

export function createRunLog(
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): RunLog {
  let lines: string[] = [];
  return {
    log: createLog((line) => {
      write(line);
      if (lines.length < mostLines) lines.push(line);
    }),
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}

/** Prefix of a run's log objects in the lake bucket; their names sort by time. They expire with the run's scratch. */
export const runLogPrefix = (tenant: string, runId: string): string =>
  `runs/${tenant}/${runId}/log/`;

/** Keeps an invocation's lines with the run, for `GET /v1/runs/{id}/log`. A failure here fails nothing else. */
export async function keepRunLog(
  store: ObjectStore,
  { tenant, runId }: { readonly tenant: string; readonly runId: string },
  name: string,
  { log, take }: RunLog,
  now: Date,
): Promise<void> {
  const lines = take();
  if (lines.length === 0) return;
  const key = `${runLogPrefix(tenant, runId)}${now.toISOString()}-${name}.jsonl`;
  const body = new TextEncoder().encode(`${lines.join('\n')}\n`);
  try {
    await store.putNew(key, body, 'application/jsonl', AbortSignal.timeout(5000));
  } catch (error) {
    log.warn('the lines of this run could not be kept', { runId, error });
  }
}

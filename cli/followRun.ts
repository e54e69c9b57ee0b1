import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Run } from '../client/generated.ts';
import { type ExitCode, exitCodes } from './exitCodes.ts';
import { bytesText, countText, printable, secondsText, usdText } from './humanText.ts';
import { progressBar } from './progressBar.ts';
import type { Terminal } from './terminal.ts';

const firstWait = 100;
const longestWait = 2000;

/** Watches a run until it ends. Interrupting stops the watching, not the run. */
export async function followRun(client: Client, terminal: Terminal, runId: string): Promise<Run> {
  const bar = progressBar(terminal, 'run');
  const from = terminal.now();
  let said = '';
  try {
    for (let wait = firstWait; ; wait = Math.min(longestWait, wait * 1.3)) {
      const run = await client.getRun({ runId, signal: terminal.signal });
      if (run.status !== 'queued' && run.status !== 'running') return run;
      const seconds = secondsText((terminal.now() - from) / 1000);
      const progress = run.progress;
      const text =
        progress === null
          ? `${run.status}, ${seconds}`
          : `${countText(progress.rows)} rows, ${bytesText(progress.bytes)}${progress.stream === undefined ? '' : `, ${printable(progress.stream)}`}, ${seconds}`;
      bar.update(text, null);
      if (!terminal.isInteractive && run.status !== said) terminal.err(`${run.status}\n`);
      said = run.status;
      await sleep(wait, undefined, { signal: terminal.signal });
    }
  } finally {
    bar.clear();
  }
}

export const isSuccess = ({ status }: Pick<Run, 'status'>): boolean => status === 'succeeded';
export const runExitCode = (run: Run): ExitCode =>
  isSuccess(run) ? exitCodes.done : exitCodes.runFailed;

/** How a run ended, in a line: what became of every row, how long it took, what it cost. */
export function runLine(run: Run): string {
  const { counts, kind, status, result, durationSeconds, costUsd, error } = run;
  const time = durationSeconds === null ? '' : `, ${secondsText(durationSeconds)}`;
  const end = `${time}, ${usdText(costUsd)}${error === null ? '' : `. ${error.code}: ${printable(error.message)}`}`;
  if (kind !== 'ingest') return `${status}: ${kind === 'clear' ? 'clear' : 'delete files'}${end}`;
  const how =
    result === null || result === 'loaded' ? status : `${status}, ${result.replaceAll('_', ' ')}`;
  const rows = `${countText(counts.read)} read, ${countText(counts.written)} written, ${countText(counts.rejected)} rejected, ${countText(counts.deduplicated)} deduplicated`;
  const duplicates =
    run.files === null || run.files.duplicates === 0
      ? ''
      : `, ${countText(run.files.duplicates)} files with bytes that were loaded before`;
  return `${how}: ${rows}${duplicates}${end}`;
}

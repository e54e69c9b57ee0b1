import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../exitCodes.ts';
import { followRun, runExitCode, runLine } from '../followRun.ts';
import { countText } from '../humanText.ts';
import { oneOf, positive, several } from '../options.ts';
import { openSession, printJson, type Session } from '../session.ts';
import { showRows } from '../showRows.ts';
import { CliError, type Terminal } from '../terminal.ts';

const formats = ['csv', 'ndjson'] as const;

interface RejectsOptions {
  readonly stream?: string;
  readonly limit: number;
  readonly output?: string;
  readonly format?: (typeof formats)[number];
  readonly replay: boolean;
  readonly file?: readonly string[];
  readonly follow: boolean;
}

export function addRejects(
  program: Command,
  terminal: Terminal,
  end: (exitCode: ExitCode) => void,
): void {
  const { signal } = terminal;
  program
    .command('rejects')
    .argument('<source>', 'id or key')
    .description('rows that did not fit, and why; download them, or load them again')
    .option('--stream <name>', 'when the source has several')
    .option('--limit <count>', 'rows', positive, 20)
    .option('--output <file>', 'write all of them, whole; - is standard output')
    .option(
      '--format <format>',
      `${formats.join(', ')}; left out: by the file’s ending`,
      oneOf(formats),
    )
    .option('--replay', 'load them again, by the settings as they are now', false)
    .option(
      '--file <name>',
      'with --replay: only rows of this file; may be given several times',
      several,
    )
    .option('--follow', 'with --replay: wait until it ends', false)
    .addHelpText(
      'after',
      `
Examples:
  $ headgate rejects orders --output rejects.csv
  $ headgate sources edit orders --contract evolve && headgate rejects orders --replay --follow`,
    )
    .action(async (idOrKey: string, options: RejectsOptions, command: Command) => {
      const session = await openSession(terminal, command);
      const { client, json } = session;
      const { stream, limit, output, replay, file, follow } = options;
      if (replay && output !== undefined)
        throw new CliError(exitCodes.usage, 'Either --replay or --output.');
      if (!replay && file !== undefined)
        throw new CliError(exitCodes.usage, '--file needs --replay.');
      if (output !== undefined) {
        await download(session, idOrKey, output, options);
        return;
      }
      if (!replay) {
        const rows = await client.listRejects({ idOrKey, query: { stream, limit }, signal });
        if (json) printJson(terminal, rows);
        else showRows(terminal, rows, 'No row was rejected.');
        return;
      }
      const accepted = await client.replayRejects({
        idOrKey,
        body: {
          ...(stream === undefined ? {} : { streams: [stream] }),
          ...(file === undefined ? {} : { files: [...file] }),
        },
        signal,
      });
      if (!follow) {
        if (json) printJson(terminal, accepted);
        else terminal.out(`${accepted.status}: ${accepted.runId}\n`);
        return;
      }
      const run = await followRun(client, terminal, accepted.runId);
      if (json) printJson(terminal, run);
      else terminal.out(`${runLine(run)}\n`);
      end(runExitCode(run));
    });
}

/** Puts the parts together; what is there of a download that fails stays, and is said to be a part. */
async function download(
  { client, terminal }: Session,
  idOrKey: string,
  output: string,
  { stream, format = formatOf(output) }: RejectsOptions,
): Promise<void> {
  const file = output === '-' ? null : createWriteStream(output, { flags: 'wx' });
  let rows = 0;
  let cursor: string | undefined;
  try {
    await opened(file);
    do {
      const part = await client.downloadRejects({
        idOrKey,
        query: { stream, format, cursor },
        signal: terminal.signal,
      });
      if (file === null) terminal.out(part.text);
      else if (!file.write(part.text)) await once(file, 'drain');
      rows += part.rows;
      cursor = part.nextCursor ?? undefined;
    } while (cursor !== undefined);
  } finally {
    file?.end();
    if (file !== null && !file.destroyed) await finished(file);
  }
  terminal.err(`${countText(rows)} rows${file === null ? '' : ` in ${output}`}\n`);
}

/** Throws for a file that is there already, or cannot be made. */
async function opened(file: WriteStream | null): Promise<void> {
  if (file === null) return;
  try {
    await new Promise((resolve, reject) => {
      file.once('open', resolve);
      file.once('error', reject);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new CliError(
      exitCodes.usage,
      code === 'EEXIST' ? `${String(file.path)} exists already.` : `${String(file.path)}: ${code}`,
    );
  }
}

const formatOf = (output: string): (typeof formats)[number] =>
  /\.(ndjson|jsonl)$/i.test(output) ? 'ndjson' : 'csv';

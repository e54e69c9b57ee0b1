import { stat } from 'node:fs/promises';
import { basename, parse } from 'node:path';
import type { Command } from 'commander';
import type { CompletedUpload, Upload } from '../../client/generated.ts';
import { type ExitCode, exitCodes } from '../exitCodes.ts';
import { followRun, runExitCode, runLine } from '../followRun.ts';
import { bytesText, printable, secondsText } from '../humanText.ts';
import { progressBar } from '../progressBar.ts';
import { type LocalFile, sendFile } from '../sendFile.ts';
import { openSession, printJson, type Session } from '../session.ts';
import { CliError, type Terminal } from '../terminal.ts';

interface UploadOptions {
  readonly source?: string;
  readonly name?: string;
  readonly description?: string;
  readonly replace: boolean;
  readonly run: boolean;
  readonly follow: boolean;
}

/** Above this a file goes in parts, which can be sent again one by one. */
const multipartBytes = 64 * 1024 ** 2;

export function addUpload(
  program: Command,
  terminal: Terminal,
  end: (exitCode: ExitCode) => void,
): void {
  program
    .command('upload')
    .argument('<files...>', 'files on this machine')
    .description('upload files and load them; without --source each becomes a source of its own')
    .option('--source <source>', 'id or key of the source they belong to')
    .option('--name <name>', 'of the new source')
    .option('--description <text>', 'of the new source')
    .option('--replace', 'take the place of files of the same name', false)
    .option('--no-run', 'do not load them yet')
    .option('--follow', 'wait until they are loaded', false)
    .addHelpText(
      'after',
      `
Examples:
  $ headgate upload orders.csv --follow
  $ headgate upload january.csv february.csv --source sales --replace`,
    )
    .action(async (paths: readonly string[], options: UploadOptions, command: Command) => {
      const session = await openSession(terminal, command);
      if (options.name !== undefined && (paths.length > 1 || options.source !== undefined))
        throw new CliError(exitCodes.usage, '--name is for one file that becomes a source.');
      const files: LocalFile[] = [];
      for (const path of paths) files.push(await localFile(path));
      const done: { readonly sourceId: string; readonly completed: CompletedUpload }[] = [];
      for (const [index, file] of files.entries())
        done.push(
          await uploadOne(
            session,
            options,
            file,
            options.source === undefined || index === files.length - 1,
          ),
        );
      await report(session, options, done, end);
    });
}

async function localFile(path: string): Promise<LocalFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new CliError(exitCodes.usage, `${path}: no such file.`, { cause });
  });
  if (!found.isFile()) throw new CliError(exitCodes.usage, `${path} is no file.`);
  return { path, name: basename(path), bytes: found.size };
}

/** Only the last file of a source asks for a run, which loads all of them. */
async function uploadOne(
  { client, terminal, json }: Session,
  options: UploadOptions,
  file: LocalFile,
  isLast: boolean,
): Promise<{ readonly sourceId: string; readonly completed: CompletedUpload }> {
  const { signal } = terminal;
  const { name, bytes } = file;
  const wanted = { name, bytes, multipart: bytes > multipartBytes };
  let upload: Upload;
  if (options.source === undefined) {
    const made = await client.uploadNewSource({
      body: {
        name: options.name ?? parse(name).name,
        ...(options.description === undefined ? {} : { description: options.description }),
        file: wanted,
      },
      signal,
    });
    upload = made.upload;
    if (!json) terminal.out(`${name} becomes the source ${made.source.key}.\n`);
  } else
    upload = await client.createUpload({
      idOrKey: options.source,
      body: { ...wanted, replace: options.replace },
      signal,
    });
  const bar = progressBar(terminal, printable(name));
  const from = terminal.now();
  try {
    await sendFile(
      client,
      upload,
      file,
      (sent) =>
        bar.update(`${bytesText(sent)} of ${bytesText(bytes)}`, bytes === 0 ? 1 : sent / bytes),
      signal,
    );
  } finally {
    bar.clear();
  }
  const completed = await client.completeUpload({
    idOrKey: upload.sourceId,
    uploadId: upload.uploadId,
    body: { triggerSync: options.run && isLast },
    signal,
  });
  if (!json)
    terminal.out(
      `${printable(name)}: ${bytesText(bytes)} in ${secondsText((terminal.now() - from) / 1000)}\n`,
    );
  return { sourceId: upload.sourceId, completed };
}

async function report(
  { client, terminal, json }: Session,
  { follow }: UploadOptions,
  done: readonly { readonly sourceId: string; readonly completed: CompletedUpload }[],
  end: (exitCode: ExitCode) => void,
): Promise<void> {
  const results: unknown[] = [];
  for (const { sourceId, completed } of done) {
    const { run } = completed;
    if (run === null || !follow) {
      results.push({ sourceId, ...completed });
      if (run !== null && !json) terminal.out(`Loading it: headgate logs ${run.runId}\n`);
      continue;
    }
    const ended = await followRun(client, terminal, run.runId);
    if (runExitCode(ended) !== exitCodes.done) end(runExitCode(ended));
    results.push({ sourceId, ...completed, run: ended });
    if (!json) terminal.out(`${runLine(ended)}\n`);
  }
  if (json) printJson(terminal, results);
}

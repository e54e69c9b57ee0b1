import type { Command } from 'commander';
import type { File } from '../../client/generated.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exitCodes.ts';
import { bytesText, countText, printable } from '../humanText.ts';
import { oneOf, positive } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import { CliError, type Terminal } from '../terminal.ts';

const statuses = ['on_disk', 'pending', 'processing', 'loaded', 'failed', 'file_deleted'] as const;

interface FilesOptions {
  readonly limit: number;
  readonly status?: (typeof statuses)[number];
  readonly delete?: string;
  readonly restore?: string;
  readonly reload?: string;
  readonly force: boolean;
  readonly yes: boolean;
}

/** Why a file has no rows, or what it was taken for. */
const noteOf = (file: File): string =>
  file.error?.message ??
  (file.duplicateOf === null
    ? (file.detected ?? (file.status === 'on_disk' && !file.waiting ? 'load it with --reload' : ''))
    : `same bytes as ${file.duplicateOf}`);

export function addFiles(program: Command, terminal: Terminal): void {
  const { signal } = terminal;
  program
    .command('files')
    .argument('<source>', 'id or key')
    .description('the files of a source and what became of them')
    .option('--limit <count>', 'at most', positive, 100)
    .option('--status <status>', statuses.join(', '), oneOf(statuses))
    .option('--delete <name>', 'delete a file and its rows')
    .option('--restore <name>', 'bring a deleted file back, and load it')
    .option('--reload <name>', 'load a file again, or one that stays on disk')
    .option('--force', 'with --reload: although the same bytes are loaded', false)
    .option('--yes', 'do not ask', false)
    .action(async (idOrKey: string, options: FilesOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { limit, status, delete: name, restore, reload, force, yes } = options;
      if ([name, restore, reload].filter((given) => given !== undefined).length > 1)
        throw new CliError(exitCodes.usage, 'Give one of --delete, --restore and --reload.');
      if (restore !== undefined || reload !== undefined) {
        const { file, run } =
          restore === undefined
            ? await client.reloadFile({ idOrKey, name: reload ?? '', body: { force }, signal })
            : await client.restoreFile({ idOrKey, name: restore, signal });
        if (json) printJson(terminal, { file, run });
        else
          terminal.out(
            `${printable(file.name)}: ${run === null ? 'waits for a later run' : `${run.status}: ${run.runId}`}\n`,
          );
        return;
      }
      if (name !== undefined) {
        const what = `This deletes the file ${printable(name)} and the rows that came from it.`;
        await confirm(terminal, { yes, what, word: name });
        const accepted = await client.deleteFile({ idOrKey, name, signal });
        if (json) printJson(terminal, accepted);
        else terminal.out(`${accepted.status}: ${accepted.runId}\n`);
        return;
      }
      const files = await firstItems<File>(limit, (query) =>
        client.listFiles({ idOrKey, query: { ...query, status }, signal }),
      );
      if (json) printJson(terminal, files);
      else
        printTable(
          terminal,
          files,
          [
            { title: 'NAME', value: (file) => file.name },
            { title: 'SIZE', value: (file) => bytesText(file.bytes), align: 'right' },
            { title: 'MODIFIED', value: (file) => file.modifiedAt },
            { title: 'STATUS', value: (file) => file.status },
            {
              title: 'ROWS',
              value: (file) => (file.rows === null ? '' : countText(file.rows)),
              align: 'right',
            },
            {
              title: 'REJECTED',
              value: (file) => (file.rejected === null ? '' : countText(file.rejected)),
              align: 'right',
            },
            { title: 'LOADED', value: (file) => file.loadedAt ?? '' },
            { title: 'NOTE', value: noteOf },
          ],
          `No files yet. Upload one: headgate upload <file> --source ${printable(idOrKey)}`,
        );
    });
}

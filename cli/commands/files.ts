import type { Command } from 'commander';
import type { File } from '../../client/generated.ts';
import { confirm } from '../confirm.ts';
import { bytesText, countText, printable } from '../humanText.ts';
import { oneOf, positive } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import type { Terminal } from '../terminal.ts';

const statuses = ['on_disk', 'pending', 'processing', 'loaded', 'failed', 'file_deleted'] as const;

interface FilesOptions {
  readonly limit: number;
  readonly status?: (typeof statuses)[number];
  readonly delete?: string;
  readonly yes: boolean;
}

export function addFiles(program: Command, terminal: Terminal): void {
  const { signal } = terminal;
  program
    .command('files')
    .argument('<source>', 'id or key')
    .description('the files of a source and what became of them')
    .option('--limit <count>', 'at most', positive, 100)
    .option('--status <status>', statuses.join(', '), oneOf(statuses))
    .option('--delete <name>', 'delete a file and its rows')
    .option('--yes', 'do not ask', false)
    .action(async (idOrKey: string, options: FilesOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { limit, status, delete: name, yes } = options;
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
            { title: 'NOTE', value: (file) => file.error?.message ?? file.detected ?? '' },
          ],
          `No files yet. Upload one: headgate upload <file> --source ${printable(idOrKey)}`,
        );
    });
}

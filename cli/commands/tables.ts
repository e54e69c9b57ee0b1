import type { Command } from 'commander';
import type { TableSummary } from '../../client/generated.ts';
import { agoText, bytesText, countText, printable } from '../humanText.ts';
import { positive } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import { showRows } from '../showRows.ts';
import type { Terminal } from '../terminal.ts';

interface LookOptions {
  readonly stream?: string;
  readonly limit: number;
  readonly columns?: string;
  readonly asOf?: string;
}

export function addTables(program: Command, terminal: Terminal): void {
  const { signal } = terminal;
  program
    .command('tables')
    .argument('[source]', 'only those of one source')
    .description('list tables')
    .option('--limit <count>', 'at most', positive, 100)
    .action(
      async (
        source: string | undefined,
        { limit }: { readonly limit: number },
        command: Command,
      ) => {
        const { client, json } = await openSession(terminal, command);
        const tables = await firstItems<TableSummary>(limit, (query) =>
          client.listTables({ query: { ...query, source }, signal }),
        );
        if (json) printJson(terminal, tables);
        else
          printTable(
            terminal,
            tables,
            [
              { title: 'TABLE', value: (table) => table.name },
              { title: 'SOURCE', value: (table) => table.sourceKey },
              { title: 'STREAM', value: (table) => table.stream },
              { title: 'ROWS', value: (table) => countText(table.rows), align: 'right' },
              {
                title: 'REJECTED',
                value: (table) => countText(table.rejectedRows),
                align: 'right',
              },
              { title: 'SIZE', value: (table) => bytesText(table.bytes), align: 'right' },
              { title: 'CHANGED', value: (table) => agoText(table.updatedAt, Date.now()) },
            ],
            'There are no tables yet: they come with the first run.',
          );
      },
    );

  program
    .command('preview')
    .argument('<source>', 'id or key')
    .description('the first rows of a table')
    .option('--stream <name>', 'when the source has several')
    .option('--limit <count>', 'rows', positive, 20)
    .option('--columns <names>', 'with commas between')
    .option('--as-of <snapshot>', 'a snapshot’s id, or an instant')
    .action(async (idOrKey: string, options: LookOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { stream, limit, columns, asOf } = options;
      const rows = await client.previewRows({
        idOrKey,
        query: { stream, limit, columns, asOf },
        signal,
      });
      if (json) printJson(terminal, rows);
      else
        showRows(
          terminal,
          rows,
          `No rows yet. Start a run: headgate run ${printable(idOrKey)} --follow`,
        );
    });
}

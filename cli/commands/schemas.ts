import type { Command } from 'commander';
import type { SchemaDrift, SchemaVersion } from '../../client/generated.ts';
import { agoText, printable } from '../humanText.ts';
import { positive } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import type { Terminal } from '../terminal.ts';

interface HistoryOptions {
  readonly history: boolean;
  readonly stream?: string;
  readonly limit: number;
}

/** What the source offers, and what its tables were like. */
export function addSchemas(sources: Command, terminal: Terminal): void {
  const { signal } = terminal;
  sources
    .command('schema')
    .argument('<source>', 'id or key')
    .description('what the source offers right now; with --history, every schema its table had')
    .option('--history', 'every schema the table had, and the run that made it', false)
    .option('--stream <name>', 'with --history: when the source has several')
    .option('--limit <count>', 'with --history: at most', positive, 20)
    .action(async (idOrKey: string, options: HistoryOptions, command: Command) => {
      if (options.history) await showHistory(terminal, idOrKey, options, command);
      else await showLive(terminal, idOrKey, command);
    });

  sources
    .command('drift')
    .argument('<source>', 'id or key')
    .description('how what arrived differed from the tables, newest first')
    .option('--limit <count>', 'at most', positive, 20)
    .action(async (idOrKey: string, { limit }: { readonly limit: number }, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const records = await firstItems<SchemaDrift>(limit, (query) =>
        client.listDrift({ idOrKey, query, signal }),
      );
      if (json) {
        printJson(terminal, records);
        return;
      }
      printTable(
        terminal,
        records.flatMap((record) => linesOf(record).map((line) => ({ ...record, ...line }))),
        [
          { title: 'WHEN', value: ({ at }) => agoText(at, Date.now()) },
          { title: 'STREAM', value: ({ stream }) => stream },
          { title: 'COLUMN', value: ({ column }) => column },
          { title: 'WHAT', value: ({ what }) => what },
          { title: 'LIKE', value: ({ samples }) => samples },
          { title: 'RUN', value: ({ runId }) => runId },
        ],
        'Nothing ever differed from the tables.',
      );
    });

  sources
    .command('acknowledge')
    .argument('<source>', 'id or key')
    .argument('<code>', 'as `headgate sources show` shows it: breaking_drift')
    .description('take a reason off the source’s attention list: you have seen it')
    .action(async (idOrKey: string, code: string, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const source = await client.acknowledgeAttention({ idOrKey, code, signal });
      if (json) printJson(terminal, source);
      else
        terminal.out(
          source.attention.length === 0
            ? `Nothing of ${source.key} wants attention any more.\n`
            : `${source.key} still wants attention: ${source.attention.map((each) => each.code).join(', ')}.\n`,
        );
    });
}

async function showHistory(
  terminal: Terminal,
  idOrKey: string,
  { stream, limit }: HistoryOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await openSession(terminal, command);
  const versions = await firstItems<SchemaVersion>(limit, (query) =>
    client.listSchemaVersions({
      idOrKey,
      query: { ...query, stream },
      signal: terminal.signal,
    }),
  );
  if (json) {
    printJson(terminal, versions);
    return;
  }
  printTable(
    terminal,
    versions,
    [
      { title: 'WHEN', value: ({ at }) => agoText(at, Date.now()) },
      { title: 'RUN', value: ({ runId }) => runId },
      { title: 'COLUMNS', value: ({ columns }) => String(columns.length), align: 'right' },
      {
        title: 'SCHEMA',
        value: ({ columns }) =>
          columns
            .filter(({ name }) => !name.startsWith('_'))
            .map(({ name, type }) => `${name} ${type}`)
            .join(', '),
      },
    ],
    `Nothing has been loaded yet. Start a run: headgate run ${printable(idOrKey)} --follow`,
  );
}

async function showLive(terminal: Terminal, idOrKey: string, command: Command): Promise<void> {
  const { client, json } = await openSession(terminal, command);
  const schema = await client.getSourceSchema({ idOrKey, signal: terminal.signal });
  if (json) {
    printJson(terminal, schema);
    return;
  }
  const unknown = [{ name: '(known once a file is read)', nativeType: '', type: '' }];
  const rows = schema.streams.flatMap((stream) =>
    (stream.columns ?? unknown).map((column) => ({ stream, column })),
  );
  printTable(
    terminal,
    rows,
    [
      { title: 'STREAM', value: ({ stream }) => stream.name },
      { title: 'COLUMN', value: ({ column }) => column.name },
      { title: 'TYPE', value: ({ column }) => column.nativeType ?? '' },
      { title: 'IN THE TABLE', value: ({ column }) => column.type },
      {
        title: 'KEY',
        value: ({ stream, column }) => (stream.primaryKey.includes(column.name) ? 'primary' : ''),
      },
    ],
    'The source offers no streams.',
  );
}

/** One line for each column of a record. */
function linesOf({ added, removed, changed }: SchemaDrift) {
  const kept = (isStored: boolean, discarded: number | null): string =>
    isStored ? '' : discarded === null ? ', kept out' : `, kept out (${discarded} values)`;
  return [
    ...added.map(({ name, type, isStored, discarded, samples }) => ({
      column: name,
      what: `new${type === null ? '' : `: ${type}`}${kept(isStored, discarded)}`,
      samples: samples.join(', '),
    })),
    ...removed.map(({ name }) => ({ column: name, what: 'gone', samples: '' })),
    ...changed.map(({ name, from, to, isStored, discarded, samples }) => ({
      column: name,
      what: `${from} → ${to ?? 'no type'}${kept(isStored, discarded)}`,
      samples: samples.join(', '),
    })),
  ];
}

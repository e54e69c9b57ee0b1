import type { Command } from 'commander';
import type { Source, SourceSummary } from '../../client/generated.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exitCodes.ts';
import { agoText, countText } from '../humanText.ts';
import { oneOf, positive } from '../options.ts';
import { printPairs, printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import { CliError, type Terminal } from '../terminal.ts';
import { addSchemas } from './schemas.ts';
import { addSourceChanges } from './sourceChanges.ts';

const statuses = ['draft', 'active', 'paused', 'archived'] as const;
const healths = [
  'never_synced',
  'queued',
  'syncing',
  'processing',
  'synced',
  'no_data',
  'failed',
] as const;

interface ListOptions {
  readonly limit: number;
  readonly status?: (typeof statuses)[number];
  readonly health?: (typeof healths)[number];
  readonly connector?: string;
  readonly tag?: string;
  readonly collection?: string;
  readonly search?: string;
}

export function addSources(program: Command, terminal: Terminal): void {
  const sources = program.command('sources').description('register, look at and change sources');

  sources
    .command('list', { isDefault: true })
    .description('list sources, oldest first')
    .option('--limit <count>', 'at most', positive, 100)
    .option('--status <status>', statuses.join(', '), oneOf(statuses))
    .option('--health <health>', healths.join(', '), oneOf(healths))
    .option('--connector <name>', 'of one connector')
    .option('--tag <tag>', 'with a tag')
    .option('--collection <name>', 'in a collection')
    .option('--search <text>', 'in key, name or description')
    .action(async (options: ListOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { limit, status, health, connector, tag, collection, search } = options;
      const found = await firstItems<SourceSummary>(limit, (page) =>
        client.listSources({
          query: { ...page, status, health, connector, tag, collection, search },
          signal: terminal.signal,
        }),
      );
      if (json) {
        printJson(terminal, found);
        return;
      }
      printTable(
        terminal,
        found,
        [
          { title: 'KEY', value: (source) => source.key },
          { title: 'CONNECTOR', value: (source) => source.connector || '-' },
          { title: 'STATUS', value: (source) => source.status },
          { title: 'HEALTH', value: (source) => healthText(source) },
          { title: 'ROWS', value: (source) => countText(source.recordCount), align: 'right' },
          { title: 'LAST SYNC', value: (source) => agoText(source.lastSyncAt, Date.now()) },
          { title: 'SCHEDULE', value: (source) => source.scheduleText },
        ],
        'There are no sources. Make one: headgate upload <file>, or headgate sources add <connector>.',
      );
    });

  sources
    .command('show')
    .argument('<source>', 'id or key')
    .description('one source in full; secrets are masked')
    .action(async (idOrKey: string, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const source = await client.getSource({ idOrKey, signal: terminal.signal });
      if (json) printJson(terminal, source);
      else showSource(terminal, source);
    });

  sources
    .command('test')
    .argument('<source>', 'id or key')
    .description('try the connection')
    .action(async (idOrKey: string, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const result = await client.testSource({ idOrKey, signal: terminal.signal });
      if (json) printJson(terminal, result);
      else if (result.ok) {
        terminal.out(`${result.message}\n`);
        for (const { stream, records } of result.sample ?? [])
          for (const record of records) terminal.out(`${stream}  ${JSON.stringify(record)}\n`);
      }
      if (!result.ok)
        throw new CliError(exitCodes.runFailed, `${result.code ?? 'failed'}: ${result.message}`);
    });

  addSchemas(sources, terminal);

  for (const [name, status, description] of [
    ['pause', 'paused', 'stop the schedule; runs on request still work'],
    ['resume', 'active', 'make a source active, so that its schedule counts'],
  ] as const)
    sources
      .command(name)
      .argument('<source>', 'id or key')
      .description(description)
      .action(async (idOrKey: string, _: unknown, command: Command) => {
        const { client, json } = await openSession(terminal, command);
        const source = await client.changeSource({
          idOrKey,
          body: { status },
          signal: terminal.signal,
        });
        if (json) printJson(terminal, source);
        else terminal.out(`${source.key} is ${source.status}. ${source.scheduleText}\n`);
      });

  sources
    .command('delete')
    .argument('<source>', 'id or key')
    .description('delete a source; its tables stay unless --data is said')
    .option('--data', 'forget its tables, files and history too', false)
    .option('--yes', 'do not ask', false)
    .action(
      async (
        idOrKey: string,
        { data, yes }: { readonly data: boolean; readonly yes: boolean },
        command: Command,
      ) => {
        const { client, json } = await openSession(terminal, command);
        const { key, recordCount } = await client.getSource({ idOrKey, signal: terminal.signal });
        const what = data
          ? `This deletes the source ${key} and its ${countText(recordCount)} rows.`
          : `This deletes the source ${key}; its tables stay.`;
        await confirm(terminal, { yes, what, word: key });
        await client.deleteSource({ idOrKey: key, query: { data }, signal: terminal.signal });
        if (json) printJson(terminal, { deleted: key, data });
        else terminal.out(`${key} is deleted.\n`);
      },
    );

  addSourceChanges(sources, terminal);
}

const healthText = (source: SourceSummary): string =>
  source.attention.length > 0 ? `${source.health} !` : source.health;

export function showSource(terminal: Terminal, source: Source): void {
  const { freshness, lastSyncError } = source;
  printPairs(terminal, [
    ['id', source.id],
    ['key', source.key],
    ['name', source.name],
    ['description', source.description || '-'],
    ['connector', source.connector || '-'],
    ['status', source.status],
    ['health', source.health],
    ['table', `${source.namespace}.${source.table}`],
    ['mode', source.syncMode],
    ['schedule', source.scheduleText],
    ['next run', source.nextRunAt ?? '-'],
    ['rows', countText(source.recordCount)],
    ['syncs', countText(source.syncCount)],
    [
      'last sync',
      source.lastSyncAt === null ? '-' : `${source.lastSyncAt}, ${source.lastSyncStatus}`,
    ],
    ...(lastSyncError === null
      ? []
      : [['last error', `${lastSyncError.code}: ${lastSyncError.message}`] as const]),
    [
      'freshness',
      freshness.ageSeconds === null
        ? '-'
        : `${freshness.ageSeconds} s${freshness.targetSeconds === null ? '' : ` of ${freshness.targetSeconds} s`}`,
    ],
    ['credentials', source.credentials],
    ['config', JSON.stringify(source.config)],
    ['tags', source.tags.join(', ') || '-'],
    ['version', String(source.rowVersion)],
    ...source.attention.map(({ code, message }) => ['attention', `${code}: ${message}`] as const),
  ]);
}

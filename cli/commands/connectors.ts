import type { Command } from 'commander';
import type { Connector, ConnectorSummary } from '../../client/generated.ts';
import { printPairs, printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import type { Terminal } from '../terminal.ts';

export function addConnectors(program: Command, terminal: Terminal): void {
  program
    .command('connectors')
    .argument('[name]', 'show the fields of one')
    .description('list the kinds of source there are')
    .addHelpText('after', '\nExamples:\n  $ headgate connectors\n  $ headgate connectors postgres')
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { signal } = terminal;
      if (name !== undefined) {
        const connector = await client.getConnector({ name, signal });
        if (json) printJson(terminal, connector);
        else showConnector(terminal, connector);
        return;
      }
      const found = await firstItems<ConnectorSummary>(1000, (query) =>
        client.listConnectors({ query, signal }),
      );
      if (json) printJson(terminal, found);
      else
        printTable(
          terminal,
          found,
          [
            { title: 'NAME', value: (each) => each.name },
            { title: 'TITLE', value: (each) => each.title },
            { title: 'LABELS', value: (each) => each.labels.join(', ') },
            { title: 'MODES', value: (each) => each.syncModes.join(', ') },
            { title: 'FILES', value: (each) => each.fileTypes.join(' ') },
          ],
          'There are no connectors.',
        );
    });
}

function showConnector(terminal: Terminal, connector: Connector): void {
  printPairs(terminal, [
    ['name', connector.name],
    ['title', connector.title],
    ['description', connector.description],
    ['docs', connector.docs],
    ['modes', connector.syncModes.join(', ')],
    ['files', connector.fileTypes.join(' ') || '-'],
    ['date ranges', connector.supportsDateRange ? 'yes' : 'no'],
  ]);
  const required = new Set(
    Array.isArray(connector.configSchema['required']) ? connector.configSchema['required'] : [],
  );
  const properties = connector.configSchema['properties'];
  const config = Object.entries(
    typeof properties === 'object' && properties !== null ? properties : {},
  );
  const fields = [
    ...config.map(([name, field]) => ({
      option: `--set ${name}=`,
      required: required.has(name),
      description: textOf(field, 'description') || textOf(field, 'title'),
    })),
    ...connector.authFields.map((field) => ({
      option: `--credential ${field.name}=`,
      required: field.required,
      description: field.description ?? field.title ?? '',
    })),
  ];
  terminal.out('\n');
  printTable(
    terminal,
    fields,
    [
      { title: 'FIELD', value: (field) => field.option },
      { title: 'NEEDED', value: (field) => (field.required ? 'yes' : '') },
      { title: 'WHAT IT IS', value: (field) => field.description },
    ],
    'It needs no fields.',
  );
}

const textOf = (field: unknown, name: string): string => {
  const value =
    typeof field === 'object' && field !== null ? (field as Record<string, unknown>)[name] : null;
  return typeof value === 'string' ? value : '';
};

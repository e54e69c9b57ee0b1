import type { Command } from 'commander';
import type {
  ChangeSource,
  Client,
  Connector,
  CreateSource,
  Json,
} from '../../client/generated.ts';
import { exitCodes } from '../exitCodes.ts';
import { oneOf, positive, several } from '../options.ts';
import { openSession, printJson, type Session } from '../session.ts';
import { askCredentials, assignments, readJsonOption } from '../sourceFields.ts';
import { CliError, type Terminal } from '../terminal.ts';

const modes = ['full_refresh', 'full_refresh_append', 'incremental', 'cdc'] as const;
const contracts = ['evolve', 'freeze', 'discard_row', 'discard_value'] as const;
const statuses = ['draft', 'active', 'paused', 'archived'] as const;

interface SourceOptions {
  readonly name?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly collection?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly mode?: (typeof modes)[number];
  readonly primaryKey?: string;
  readonly cursor?: string;
  readonly stream?: readonly string[];
  readonly schedule?: string;
  readonly timezone?: string;
  readonly contract?: (typeof contracts)[number];
  readonly rules?: string;
  readonly streams?: string;
  readonly freshWithin?: number;
  readonly status?: (typeof statuses)[number];
  readonly credentials?: string;
  readonly credential?: readonly string[];
  readonly secretArn?: string;
  readonly secretKey?: string;
  readonly verify: boolean;
}
interface AddOptions extends SourceOptions {
  readonly key: string;
  readonly namespace?: string;
  readonly table?: string;
}

const withCommonOptions = (command: Command): Command =>
  command
    .option('--name <name>', 'for people')
    .option('--description <text>', 'what it is')
    .option('--tag <tag>', 'may be given several times', several)
    .option('--collection <name>', 'sources that belong together')
    .option('--config <json>', 'configuration as JSON, @file or -')
    .option('--set <name=value>', 'one field of the configuration', several)
    .option('--mode <mode>', modes.join(', '), oneOf(modes))
    .option('--primary-key <columns>', 'with commas between')
    .option('--cursor <column>', 'for incremental runs')
    .option('--stream <name>', 'only this one; may be given several times', several)
    .option('--schedule <cron>', 'five or six fields, or @daily; "none" takes it away')
    .option('--timezone <zone>', 'of the schedule, like Europe/Berlin')
    .option('--contract <mode>', contracts.join(', '), oneOf(contracts))
    .option('--rules <json>', 'rules for all streams as JSON, @file or -')
    .option('--streams <json>', 'settings of each stream as JSON, @file or -')
    .option('--fresh-within <seconds>', 'how old its data may be', positive)
    .option('--status <status>', statuses.join(', '), oneOf(statuses))
    .option('--credentials <json>', 'as JSON, @file or -')
    .option('--credential <name=value>', 'one field of the credentials', several)
    .option('--secret-arn <arn>', 'a secret that exists, instead of credentials')
    .option('--secret-key <name>', 'the part of that secret')
    .option('--no-verify', 'do not try the credentials');

export function addSourceChanges(sources: Command, terminal: Terminal): void {
  withCommonOptions(sources.command('add'))
    .argument('<connector>', 'see `headgate connectors`')
    .description('register a source')
    .requiredOption('--key <key>', 'unique and for ever')
    .option('--namespace <name>', 'of its tables')
    .option('--table <name>', 'of its table')
    .addHelpText(
      'after',
      `
Examples:
  $ headgate sources add postgres --key shop --set host=db.example.com --set database=shop \\
      --mode incremental --cursor updated_at --schedule "0 2 * * *" --timezone Europe/Berlin --status active
  $ headgate sources add local_files --key drops --status active
Credentials that are not given are asked for. \`headgate connectors <name>\` lists the fields.`,
    )
    .action(async (name: string, options: AddOptions, command: Command) => {
      const session = await openSession(terminal, command);
      const { client, json } = session;
      const connector = await client.getConnector({ name, signal: terminal.signal });
      const fields = await fieldsOf(session, options, connector, null);
      const secret = await credentialsOf(session, options, connector);
      const asked =
        secret === null &&
        connector.authFields.some(({ required }) => required) &&
        terminal.isInteractive
          ? { credentials: await askCredentials(terminal, connector) }
          : secret;
      const body: CreateSource = {
        ...fields,
        ...asked,
        key: options.key,
        name: options.name ?? options.key,
        connector: name,
        ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
        ...(options.table === undefined ? {} : { table: options.table }),
      };
      const source = await client.createSource({
        body,
        query: { verify: options.verify },
        signal: terminal.signal,
      });
      if (json) printJson(terminal, source);
      else
        terminal.out(
          `${source.key} is registered (${source.status}, ${source.id}).\nStart a run: headgate run ${source.key} --follow\n`,
        );
    });

  withCommonOptions(sources.command('edit'))
    .argument('<source>', 'id or key')
    .description('change a source; what is not given stays')
    .option('--row-version <number>', 'refuse if it was changed since', positive)
    .addHelpText(
      'after',
      `
Examples:
  $ headgate sources edit shop --schedule "*/30 * * * *" --timezone UTC
  $ headgate sources edit shop --credential password=... --set port=5433`,
    )
    .action(
      async (
        idOrKey: string,
        options: SourceOptions & { readonly rowVersion?: number },
        command: Command,
      ) => {
        const session = await openSession(terminal, command);
        const { client, json } = session;
        const { signal } = terminal;
        let source = await client.getSource({ idOrKey, signal });
        const connector =
          source.connector === ''
            ? null
            : await client.getConnector({ name: source.connector, signal });
        const body: ChangeSource = {
          ...(await fieldsOf(session, options, connector, source.config)),
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.rowVersion === undefined ? {} : { rowVersion: options.rowVersion }),
        };
        const secret = await credentialsOf(session, options, connector);
        if (Object.keys(body).length === 0 && secret === null)
          throw new CliError(exitCodes.usage, 'Say what to change; see --help.');
        if (Object.keys(body).length > 0)
          source = await client.changeSource({ idOrKey: source.id, body, signal });
        if (secret !== null)
          source = await client.replaceCredentials({
            idOrKey: source.id,
            body: secret,
            query: { verify: options.verify },
            signal,
          });
        if (json) printJson(terminal, source);
        else terminal.out(`${source.key} is changed (version ${source.rowVersion}).\n`);
      },
    );
}

type Changes = Omit<ChangeSource, 'name' | 'key' | 'rowVersion'>;

/** What the options say, in the API's words. `config` is what is there, for `--set` to change. */
async function fieldsOf(
  { terminal }: Session,
  options: SourceOptions,
  connector: Connector | null,
  config: Readonly<Record<string, Json>> | null,
): Promise<Changes> {
  const { schedule, timezone, set = [], stream, rules, streams } = options;
  if (stream !== undefined && streams !== undefined)
    throw new CliError(exitCodes.usage, 'Either --stream or --streams.');
  if (schedule !== undefined && schedule !== 'none' && timezone === undefined)
    throw new CliError(exitCodes.usage, '--schedule needs --timezone, like Europe/Berlin or UTC.');
  const whole =
    options.config === undefined
      ? null
      : await readJsonOption(terminal, '--config', options.config);
  const single = assignments('--set', set, connector?.configSchema ?? {});
  const changed = whole !== null || set.length > 0;
  return {
    ...(changed ? { config: { ...(whole ?? config ?? {}), ...single } } : {}),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
    ...(options.collection === undefined ? {} : { collection: options.collection }),
    ...(options.mode === undefined ? {} : { syncMode: options.mode }),
    ...(options.primaryKey === undefined ? {} : { primaryKey: options.primaryKey.split(',') }),
    ...(options.cursor === undefined ? {} : { cursorField: options.cursor }),
    ...(stream === undefined
      ? {}
      : { streams: Object.fromEntries(stream.map((name) => [name, {}])) }),
    ...(schedule === undefined
      ? {}
      : { schedule: schedule === 'none' ? null : { cron: schedule, timezone: timezone ?? '' } }),
    ...(options.contract === undefined ? {} : { contract: options.contract }),
    ...(rules === undefined
      ? {}
      : { rules: (await readJsonOption(terminal, '--rules', rules)) as Changes['rules'] }),
    ...(streams === undefined
      ? {}
      : { streams: (await readJsonOption(terminal, '--streams', streams)) as Changes['streams'] }),
    ...(options.freshWithin === undefined ? {} : { freshnessTargetSeconds: options.freshWithin }),
    ...(options.status === undefined ? {} : { status: options.status }),
  };
}

type Secret = Parameters<Client['replaceCredentials']>[0]['body'];

async function credentialsOf(
  { terminal }: Session,
  { credentials, credential = [], secretArn, secretKey }: SourceOptions,
  connector: Connector | null,
): Promise<Secret | null> {
  if (secretArn !== undefined)
    return {
      secretRef: { arn: secretArn, ...(secretKey === undefined ? {} : { jsonKey: secretKey }) },
    };
  if (credentials === undefined && credential.length === 0) return null;
  const whole =
    credentials === undefined ? {} : await readJsonOption(terminal, '--credentials', credentials);
  return {
    credentials: {
      ...whole,
      ...assignments('--credential', credential, connector?.credentialsSchema ?? {}),
    },
  };
}

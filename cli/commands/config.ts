import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { everyItem } from '../../client/everyItem.ts';
import type { ChangeSource, Client, CreateSource, Json, Source } from '../../client/generated.ts';
import { planSources, type Step } from '../config/planSources.ts';
import { printPlan } from '../config/printPlan.ts';
import { type ReferenceWorld, resolveReferences } from '../config/references.ts';
import {
  type CredentialFields,
  isRecord,
  readSourceFile,
  settableFields,
  sourceFileText,
} from '../config/sourceFile.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exitCodes.ts';
import { openSession, printJson } from '../session.ts';
import { CliError, type Terminal } from '../terminal.ts';

interface ApplyOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly credentials?: boolean;
  readonly verify: boolean;
  readonly yes?: boolean;
}

export function addConfig(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .argument('[sources...]', 'ids or keys; all when left out')
    .option('-o, --output <file>', 'write it there')
    .description('write sources as a YAML file that `headgate apply` takes; secrets as references')
    .action(async (names: readonly string[], options: { output?: string }, command: Command) => {
      const { client } = await openSession(terminal, command);
      const { signal } = terminal;
      const sources: Source[] = [];
      if (names.length > 0)
        for (const idOrKey of names) sources.push(await client.getSource({ idOrKey, signal }));
      else for await (const source of everySource(client, signal)) sources.push(source);
      const text = sourceFileText(sources, await credentialFieldsOf(client, sources, signal));
      if (options.output === undefined) terminal.out(text);
      else {
        writeFileSync(options.output, text);
        terminal.err(`${sources.length} sources written to ${options.output}\n`);
      }
    });

  program
    .command('apply')
    .requiredOption('-f, --file <file>', 'YAML; - reads standard input')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--prune', 'delete sources that the file does not name; their tables stay')
    .option('--credentials', 'send credentials of sources that have some, too')
    .option('--no-verify', 'do not try credentials first')
    .option('--yes', 'do not ask')
    .description('make sources what a file says')
    .action(async (options: ApplyOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { signal } = terminal;
      const text = options.file === '-' ? await terminal.readInput() : readText(options.file);
      const desired = readSourceFile(text, options.file);
      const current = new Map<string, Source>();
      for await (const source of everySource(client, signal)) current.set(source.key, source);
      const steps = planSources(desired, current, {
        credentials: options.credentials === true,
        prune: options.prune === true,
      });
      const hasChanges = json
        ? steps.some(({ kind }) => kind !== 'same')
        : printPlan(terminal, steps);
      if (json) printJson(terminal, steps.map(stepForPrograms));
      if (options.dryRun === true || !hasChanges) return;
      const deleted = steps.filter(({ kind }) => kind === 'delete').length;
      if (deleted > 0)
        await confirm(terminal, {
          yes: options.yes === true,
          what: `${deleted} sources are going to be deleted.`,
          word: 'delete',
        });
      const world = { env: terminal.env, file: options.file };
      // All secrets are found before anything is changed.
      const ready = steps.map((step) => ({ step, body: bodyOf(step, world) }));
      for (const { step, body } of ready) {
        await perform(client, step, body, options.verify, signal);
        if (step.kind !== 'same' && !json)
          terminal.err(`${step.kind === 'create' ? step.desired.key : step.current.key}: done\n`);
      }
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError(exitCodes.usage, `${file} cannot be read.`, { cause });
  }
}

/** Lists leave out what a file needs, so each source is asked for. */
async function* everySource(client: Client, signal: AbortSignal): AsyncGenerator<Source> {
  for await (const { id } of everyItem((cursor) =>
    client.listSources({ query: { limit: 200, cursor }, signal }),
  ))
    yield await client.getSource({ idOrKey: id, signal });
}

async function credentialFieldsOf(
  client: Client,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<CredentialFields> {
  const fields = new Map<string, readonly string[]>();
  for (const { connector: name } of sources) {
    if (name === '' || fields.has(name)) continue;
    const { authFields } = await client.getConnector({ name, signal });
    fields.set(
      name,
      authFields.filter(({ required }) => required).map((field) => field.name),
    );
  }
  return (connector) => fields.get(connector) ?? [];
}

type Body = Readonly<Record<string, Json>> | null;

function bodyOf(step: Step, world: ReferenceWorld): Body {
  if (step.kind !== 'create' && step.kind !== 'change') return null;
  const names = [...settableFields, 'credentials', 'secretRef'] as const;
  const body: Record<string, Json> = {};
  for (const name of names) {
    const value = step.desired[name];
    const isCredential = name === 'credentials' || name === 'secretRef';
    if (value === undefined || (isCredential && step.kind === 'change' && !step.sendsCredentials))
      continue;
    body[name] = kept(name, value, step, world);
  }
  return body;
}

/** References in a configuration stay masked where the source has the value and nobody asked to send it. */
function kept(name: string, value: Json, step: Step, world: ReferenceWorld): Json {
  if (name !== 'config' || step.kind !== 'change' || step.sendsCredentials || !isRecord(value))
    return resolveReferences(value, world);
  return Object.fromEntries(
    Object.entries(value).map(([field, item]) => [
      field,
      step.current.config[field] === '***' && isRecord(item)
        ? '***'
        : resolveReferences(item, world),
    ]),
  );
}

async function perform(
  client: Client,
  step: Step,
  body: Body,
  verify: boolean,
  signal: AbortSignal,
): Promise<void> {
  const query = { verify };
  if (step.kind === 'delete') await client.deleteSource({ idOrKey: step.current.id, signal });
  if (step.kind === 'create')
    await client.createSource({
      query,
      body: {
        ...body,
        key: step.desired.key,
        name: step.desired['name'] ?? step.desired.key,
      } as CreateSource,
      signal,
    });
  if (step.kind !== 'change') return;
  const { credentials, secretRef, status, ...settings } = body ?? {};
  const idOrKey = step.current.id;
  // What needs the credentials comes after them.
  const changed = await client.changeSource({
    idOrKey,
    body: { ...settings, rowVersion: step.current.rowVersion } as ChangeSource,
    signal,
  });
  if (step.sendsCredentials)
    await client.replaceCredentials({
      idOrKey,
      query,
      body: (secretRef === undefined ? { credentials } : { secretRef }) as Parameters<
        Client['replaceCredentials']
      >[0]['body'],
      signal,
    });
  if (status !== undefined && status !== changed.status)
    await client.changeSource({ idOrKey, body: { status } as ChangeSource, signal });
}

const stepForPrograms = (step: Step): Json => ({
  kind: step.kind,
  key: step.kind === 'create' ? step.desired.key : step.current.key,
  changes: 'changes' in step ? step.changes.map((change) => ({ ...change })) : [],
});

import { parseDocument, stringify } from 'yaml';
import type { ChangeSource, Json, Source } from '../../client/generated.ts';
import { exitCodes } from '../exitCodes.ts';
import { CliError } from '../terminal.ts';

/** One source as the file says it: what people set, and where its secrets are. */
export type DesiredSource = Readonly<Record<string, Json>> & { readonly key: string };

/** Fields of a source that people set, in the order in which they are written. */
export const settableFields = [
  'name',
  'description',
  'tags',
  'collection',
  'connector',
  'config',
  'fileFormat',
  'namespace',
  'table',
  'syncMode',
  'primaryKey',
  'cursorField',
  'streams',
  'schedule',
  'contract',
  'rules',
  'freshnessTargetSeconds',
  'status',
] as const satisfies readonly (keyof ChangeSource)[];

const known: ReadonlySet<string> = new Set(['key', ...settableFields, 'credentials', 'secretRef']);

/** Left out of an export: what a new source has anyway. */
const defaults: Readonly<Record<string, Json>> = {
  description: '',
  tags: [],
  collection: null,
  config: {},
  fileFormat: null,
  primaryKey: [],
  cursorField: null,
  streams: null,
  schedule: null,
  contract: 'evolve',
  rules: {},
  freshnessTargetSeconds: null,
};

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** The text of a file that makes these sources again. Credentials are named, not told: nobody can read them back. */
export function sourceFileText(
  sources: readonly Source[],
  credentialFields: CredentialFields,
): string {
  const entries = sources.map((source) => {
    const view = source as unknown as Readonly<Record<string, Json>>;
    const entry: Record<string, Json> = { key: source.key };
    for (const name of settableFields) {
      const value = name === 'freshnessTargetSeconds' ? source.freshness.targetSeconds : view[name];
      if (value !== undefined && !same(value, defaults[name])) entry[name] = value;
    }
    if (source.credentials !== 'none')
      entry['credentials'] = Object.fromEntries(
        credentialFields(source.connector).map((field) => [
          field,
          { $env: `${source.key}_${field}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_') },
        ]),
      );
    return entry;
  });
  return `# Made by \`headgate export\`. Apply it with \`headgate apply -f <file> --dry-run\`, then without.
# Secrets are references: { $env: NAME } or { $file: path }. They are sent for new sources, and with --credentials.
${stringify({ version: 1, sources: entries }, { lineWidth: 0 })}`;
}
export type CredentialFields = (connector: string) => readonly string[];

/** The sources of a file. Throws a CliError that says what is wrong and where. */
export function readSourceFile(text: string, name: string): readonly DesiredSource[] {
  const wrong = (problem: string): CliError => new CliError(exitCodes.usage, `${name}: ${problem}`);
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw wrong(error.message.split('\n')[0] ?? 'is not YAML');
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['sources']))
    throw wrong('a file of sources says `version: 1` and lists `sources`.');
  const keys = new Set<string>();
  return value['sources'].map((entry: unknown, index) => {
    const place = `sources[${index}]`;
    if (!isRecord(entry)) throw wrong(`${place} is no source.`);
    const { key } = entry;
    if (typeof key !== 'string' || key === '') throw wrong(`${place} has no key.`);
    if (keys.has(key)) throw wrong(`${key} is there twice.`);
    keys.add(key);
    const strange = Object.keys(entry).find((field) => !known.has(field));
    if (strange !== undefined) throw wrong(`${key}: there is no field "${strange}".`);
    return entry as DesiredSource;
  });
}

export const isRecord = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectorNames } from '../../connectors/registry.ts';
import { type FunctionName, functionEnv } from '../../shared/env.ts';

/** A function's bundle: `commit`, `apiRuns`, `ingest:postgres` … */
export type EntryName = Exclude<FunctionName, 'ingest'> | `ingest:${string}`;

/** Every bundle of the application: one per function, one per connector. */
export const entryNames: readonly EntryName[] = [
  ...(Object.keys(functionEnv) as FunctionName[]).filter((name) => name !== 'ingest'),
  ...connectorNames.map((name): EntryName => `ingest:${name}`),
];

export const connectorOf = (entry: EntryName): string | null =>
  entry.startsWith('ingest:') ? entry.slice('ingest:'.length) : null;

/** The files an entry is made of, relative to the root; the first that does not exist is what is missing. */
export function entryFiles(entry: EntryName): readonly string[] {
  const connector = connectorOf(entry);
  return connector === null
    ? [`functions/${entry}/main.ts`]
    : ['functions/ingest/main.ts', `connectors/${connector}.ts`];
}

export const missingFiles = (root: string, entry: EntryName): readonly string[] =>
  entryFiles(entry).filter((file) => !existsSync(join(root, file)));

/** The source of an entry: its own file, or an Ingest function with exactly one connector in it. */
export function entrySource(root: string, entry: EntryName): string {
  const connector = connectorOf(entry);
  // Only while the application grows: `npm run synth` and `npm run deploy` refuse to go on.
  if (missingFiles(root, entry).length > 0)
    return `export const handler = async () => { throw new Error('${entry} has no code in this build'); };`;
  if (connector === null) return `export { handler } from './functions/${entry}/main.ts';`;
  return [
    `import connector from './connectors/${connector}.ts';`,
    `import { createHandler } from './functions/ingest/main.ts';`,
    `export const handler = createHandler(connector);`,
  ].join('\n');
}

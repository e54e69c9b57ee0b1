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

/** The source of an entry: its own file, or an Ingest function with exactly one connector in it. */
export function entrySource(entry: EntryName): string {
  const connector = connectorOf(entry);
  if (connector === null) return `export { handler } from './functions/${entry}/main.ts';`;
  return [
    `import connector from './connectors/${connector}.ts';`,
    `import { createHandler } from './functions/ingest/main.ts';`,
    `export const handler = createHandler(connector);`,
  ].join('\n');
}

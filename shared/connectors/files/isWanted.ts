import { matchesGlob } from '../matchesGlob.ts';
import type { ListedFile } from './fileStore.ts';

/** Endings of what can be read, plain or compressed. */
const readable = /\.(csv|tsv|tab|json|jsonl|ndjson|parquet|pq|xlsx|xlsm)(\.(gz|gzip|zst|zstd))?$/i;

/**
 * Whether a file is one to load. Never: folders' own entries, empty files (a writer's beginning, or a mark), hidden
 * ones, and the marks that Spark leaves. `named`: the user named each of them, whatever it is called.
 */
export function isWanted(
  { name, bytes }: ListedFile,
  pattern: string | undefined,
  takes: 'readable' | 'named' = 'readable',
): boolean {
  if (takes === 'named') return true;
  if (bytes === 0 || name.endsWith('/')) return false;
  const parts = name.split('/');
  if (parts.some((part) => part.startsWith('.')) || parts.at(-1) === '_SUCCESS') return false;
  return pattern === undefined ? readable.test(name) : matchesGlob(name, pattern);
}

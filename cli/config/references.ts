import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Json } from '../../client/generated.ts';
import { exitCodes } from '../exitCodes.ts';
import { CliError } from '../terminal.ts';
import { isRecord } from './sourceFile.ts';

export interface ReferenceWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that refers; paths are relative to it. */
  readonly file: string;
}

/** `$env: NAME` or `$file: path`, for people; null for any other value. */
export function referenceText(value: Json | undefined): string | null {
  if (!isRecord(value)) return null;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return null;
  const [name, target] = entry;
  return (name === '$env' || name === '$file') && typeof target === 'string'
    ? `${name} ${target}`
    : null;
}

/** The value with every reference replaced by what it stands for. Throws a CliError that names what is missing, never a value. */
export function resolveReferences(value: Json, world: ReferenceWorld): Json {
  const reference = referenceText(value);
  if (reference !== null) return read(reference, world);
  if (Array.isArray(value)) return value.map((item: Json) => resolveReferences(item, world));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolveReferences(item, world)]),
  );
}

function read(reference: string, { env, file }: ReferenceWorld): string {
  const target = reference.slice(reference.indexOf(' ') + 1);
  if (reference.startsWith('$env')) {
    const value = env[target];
    if (value === undefined || value === '')
      throw new CliError(exitCodes.usage, `The variable ${target} is not set.`);
    return value;
  }
  try {
    return readFileSync(resolve(dirname(file), target), 'utf8').trim();
  } catch (cause) {
    throw new CliError(exitCodes.usage, `${target} cannot be read.`, { cause });
  }
}

import { createHash, randomUUID } from 'node:crypto';
import type jsonata from 'jsonata';

const algorithms: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
const maxRangeLength = 1000;
const maxHashCharacters = 10_000;

/**
 * Gives an expression the functions Step Functions adds to JSONata, and takes `$eval` away.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
export function addQueryFunctions(expression: jsonata.Expression): void {
  expression.registerFunction('uuid', () => randomUUID(), '<:s>');
  expression.registerFunction('random', random, '<n?:n>');
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:a>');
  expression.registerFunction('hash', hash, '<ss:s>');
  expression.registerFunction('parse', (text: string) => JSON.parse(text), '<s:x>');
  expression.registerFunction('eval', () => {
    throw new Error('$eval is not supported; use $parse for JSON');
  });
}

function partition(items: readonly unknown[], size: number): unknown[] {
  if (!(size >= 1)) throw new Error(`$partition needs a size of at least 1, not ${size}`);
  const step = Math.floor(size);
  return Array.from({ length: Math.ceil(items.length / step) }, (_, index) =>
    items.slice(index * step, (index + 1) * step),
  );
}

function range(first: number, last: number, step: number): number[] {
  if (step === 0) throw new Error('$range needs a step that is not 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > maxRangeLength)
    throw new Error(`$range gives at most ${maxRangeLength} numbers, not ${length}`);
  return Array.from({ length }, (_, index) => first + index * step);
}

function hash(data: string, algorithm: string): string {
  const name = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (name === undefined)
    throw new Error(`$hash knows ${Object.keys(algorithms).join(', ')}, not ${algorithm}`);
  if (data.length > maxHashCharacters)
    throw new Error(`$hash takes at most ${maxHashCharacters} characters`);
  return createHash(name).update(data).digest('hex');
}

/** In [0, 1); the same seed gives the same number (mulberry32). */
function random(seed?: number): number {
  if (seed === undefined) return Math.random();
  let state = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}

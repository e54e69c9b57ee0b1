import * as z from 'zod';
import type { Json } from '../json.ts';

/**
 * The secret values inside a connector's credentials: strings under fields marked `secret: true`. A schema that
 * marks none is taken to be secret as a whole.
 */
export function secretTexts(schema: z.ZodType, credentials: Json): readonly string[] {
  const marked = new Set<string>();
  collectMarked(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }), marked);
  return [...textsOf(credentials, marked.size === 0 ? null : marked, marked.size === 0)];
}

function collectMarked(node: unknown, marked: Set<string>): void {
  if (node === null || typeof node !== 'object') return;
  if ('properties' in node && node.properties !== null && typeof node.properties === 'object')
    for (const [name, property] of Object.entries(node.properties))
      if (isSecret(property)) marked.add(name);
  for (const inner of Object.values(node)) collectMarked(inner, marked);
}

const isSecret = (property: unknown): boolean =>
  property !== null &&
  typeof property === 'object' &&
  'secret' in property &&
  property.secret === true;

function* textsOf(
  value: Json,
  marked: ReadonlySet<string> | null,
  inside: boolean,
): Generator<string> {
  if (typeof value === 'string') {
    if (inside) yield value;
  } else if (value !== null && typeof value === 'object')
    for (const [name, inner] of Object.entries(value))
      yield* textsOf(inner as Json, marked, inside || marked?.has(name) === true);
}

import type { Json } from '../../json.ts';

/**
 * Dotted names from the outside in, `data.customers.nodes`; `0` is the first of a list, '' the whole. A dot that is part
 * of a name is written `\\.`.
 */
export type Path = string;

/** The names of each path: records are many, paths are few. */
const split = new Map<Path, readonly string[]>();

/** The names in a path; `\\.` is a dot in a name. */
export function namesOf(path: Path): readonly string[] {
  let names = split.get(path);
  if (names === undefined) {
    if (split.size > 10_000) split.clear();
    names = path.includes('\\')
      ? path.split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'))
      : path.split('.');
    split.set(path, names);
  }
  return names;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The value at a path; undefined where there is none. Inherited properties are not there. */
export function at(value: Json | undefined, path: Path): Json | undefined {
  if (path === '') return value;
  let inner: unknown = value;
  for (const name of namesOf(path)) {
    if (!isObject(inner) || !Object.hasOwn(inner, name)) return undefined;
    inner = inner[name];
  }
  return inner as Json;
}

/** Every value at a path in which `*` stands for each of a list. */
export function allAt(value: Json | undefined, path: Path): readonly Json[] {
  let found: (Json | undefined)[] = [value];
  for (const name of path === '' ? [] : namesOf(path)) {
    const inside: (Json | undefined)[] = [];
    for (const inner of found)
      if (name !== '*') inside.push(at(inner, name));
      else if (Array.isArray(inner)) inside.push(...(inner as readonly Json[]));
    found = inside;
  }
  return found.filter((inner) => inner !== undefined);
}

/** The value with another in it, its objects on the way copied or made. */
export function withAt(
  value: { readonly [name: string]: Json },
  path: Path,
  inner: Json,
): { readonly [name: string]: Json } {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...value, [name]: inner };
  const old = Object.hasOwn(value, name) ? value[name] : undefined;
  const object =
    isObject(old) && !Array.isArray(old) ? (old as { readonly [name: string]: Json }) : {};
  return { ...value, [name]: withAt(object, rest.join('.'), inner) };
}

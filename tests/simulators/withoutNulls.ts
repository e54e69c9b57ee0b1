import type { Json } from '../../shared/json.ts';

/** A value without its empty fields, for descriptions that do not say which may be null. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => withoutNulls(each as Json));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNulls(inner as Json)]),
  );
}

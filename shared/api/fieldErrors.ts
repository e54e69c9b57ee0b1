import type * as z from 'zod';
import { type ErrorCode, type FieldError, HeadgateError } from '../errors.ts';

/** An RFC 6901 pointer in its URI fragment form, as in RFC 9457's own example. */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  `#${path.map((part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;

/** One entry per bad place; an unknown field is pointed at itself, not at the object that holds it. */
export function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[] = [],
): readonly FieldError[] {
  return issues.flatMap((issue): readonly FieldError[] => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        pointer: pointerOf([...path, key]),
        detail: 'No such field.',
      }));
    if (issue.code === 'invalid_union') {
      const [first] = issue.errors;
      if (issue.errors.length === 1 && first !== undefined) return fieldErrors(first, path);
    }
    return [{ pointer: pointerOf(path), detail: issue.message }];
  });
}

/** Parses a value or throws an error whose `fields` name every bad place below `prefix`. */
export function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  message: string,
  {
    code = 'validation_failed',
    prefix = [],
  }: { code?: ErrorCode; prefix?: readonly string[] } = {},
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HeadgateError(code, message, { fields: fieldErrors(parsed.error.issues, prefix) });
}

/** A single bad place. */
export const badField = (
  path: readonly PropertyKey[],
  detail: string,
  code: ErrorCode = 'validation_failed',
): HeadgateError =>
  new HeadgateError(code, detail, { fields: [{ pointer: pointerOf(path), detail }] });

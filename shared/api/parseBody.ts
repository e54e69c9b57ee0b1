import { HeadgateError } from '../errors.ts';
import { badField } from './fieldErrors.ts';

/** Of a request body. A source is one DynamoDB item, which may hold 400 KB with all it needs besides. */
export const maxBodyBytes = 256 * 1024;
const maxDepth = 32;
const maxValues = 20_000;

export interface BodyEvent {
  readonly body?: string | undefined;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/**
 * The JSON body of a request; `{}` when there is none. Throws 415 for another content type, 413 above 256 KiB,
 * and 400 for text that is no JSON or holds what DynamoDB cannot store: numbers beyond its range, unpaired
 * surrogates, empty names.
 */
export function parseBody(event: BodyEvent): unknown {
  const text =
    event.isBase64Encoded === true
      ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
      : (event.body ?? '');
  const type = contentTypeOf(event);
  if (type !== null && !isJsonType(type))
    throw new HeadgateError(
      'unsupported_media_type',
      `Send JSON: Content-Type must be application/json, not ${type.slice(0, 100)}.`,
    );
  if (Buffer.byteLength(text) > maxBodyBytes)
    throw new HeadgateError('payload_too_large', `A request body may have ${maxBodyBytes} bytes.`, {
      facts: { maxBytes: maxBodyBytes },
    });
  if (text.trim() === '') return {};
  if (type === null)
    throw new HeadgateError('unsupported_media_type', 'Send Content-Type: application/json.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, which may hold credentials.
    throw badField([], 'The body is not valid JSON.');
  }
  checkStorable(value);
  return value;
}

const contentTypeOf = ({ headers }: BodyEvent): string | null => {
  const header = Object.entries(headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'content-type',
  );
  return header?.[1]?.split(';')[0]?.trim().toLowerCase() || null;
};

const isJsonType = (type: string): boolean =>
  type === 'application/json' || /^application\/[\w.+-]+\+json$/.test(type);

/** Walks without recursion, so that no nesting can exhaust the stack. */
function checkStorable(root: unknown): void {
  const waiting: { readonly value: unknown; readonly path: readonly string[] }[] = [
    { value: root, path: [] },
  ];
  for (let seen = 1, next = waiting.pop(); next !== undefined; seen++, next = waiting.pop()) {
    const { value, path } = next;
    if (seen > maxValues) throw badField([], `More than ${maxValues} values.`);
    if (path.length > maxDepth) throw badField(path.slice(0, 4), `Nested deeper than ${maxDepth}.`);
    if (typeof value === 'string' && !value.isWellFormed())
      throw badField(path, 'Holds an unpaired surrogate.');
    if (typeof value === 'number' && !storableNumber(value))
      throw badField(path, 'Numbers must lie between 1e-100 and 1e100.');
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, child] of Object.entries(value)) {
      if (name === '' || name === '__proto__' || !name.isWellFormed())
        throw badField([...path, name.toWellFormed()], 'Not a usable name.');
      waiting.push({ value: child, path: [...path, name] });
    }
  }
}

const storableNumber = (value: number): boolean => {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-100 && size <= 1e100);
};

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { badField } from './fieldErrors.ts';

/**
 * A page's end as text for the next request. It names a position only: the tenant always comes from the token,
 * so a forged cursor reaches nothing its bearer could not list anyway. It is checked for shape, for the list it
 * belongs to and for the filters it was made with.
 */
export function encodeCursor(list: string, filters: unknown, position: unknown): string {
  return Buffer.from(
    JSON.stringify({ v: 1, l: list, f: fingerprint(filters), p: position }),
  ).toString('base64url');
}

/** Throws `validation_failed` at `#/cursor` for anything that `encodeCursor` did not make for this list. */
export function decodeCursor<Position extends z.ZodType>(
  text: string,
  list: string,
  filters: unknown,
  position: Position,
): z.infer<Position> {
  const parsed = envelope.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  const end = position.safeParse(parsed.data?.p);
  if (!parsed.success || !end.success || parsed.data.l !== list)
    throw badField(['cursor'], 'Not a `nextCursor` of this list.');
  if (parsed.data.f !== fingerprint(filters))
    throw badField(['cursor'], 'Made with other filters; start again without it.');
  return end.data;
}

const envelope = z.strictObject({ v: z.literal(1), l: z.string(), f: z.string(), p: z.unknown() });

const fingerprint = (filters: unknown): string =>
  createHash('sha256').update(JSON.stringify(filters)).digest('base64url').slice(0, 10);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { at } from './paths.ts';

/** A text: given, taken from a field of config or credentials, or pieces of these joined. */
export type Text<Config, Credentials> =
  | Piece<Config, Credentials>
  | readonly Piece<Config, Credentials>[];
type Piece<Config, Credentials> =
  | string
  | { readonly config: keyof Config & string }
  | { readonly credential: keyof Credentials & string };

/** What texts of a spec are filled from. */
export interface Filling {
  readonly config: unknown;
  readonly credentials: unknown;
}

/** The text, pieces joined. Throws `invalid_config` or `invalid_credentials` for a field that is not there. */
export function textOf<Config, Credentials>(
  text: Text<Config, Credentials>,
  { config, credentials }: Filling,
): string {
  const pieces = Array.isArray(text) ? text : [text as Exclude<typeof text, readonly unknown[]>];
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      const [from, name, code] =
        'config' in piece
          ? ([config, piece.config, 'invalid_config'] as const)
          : ([credentials, piece.credential, 'invalid_credentials'] as const);
      const value = fieldOf(from, name);
      if (value === null) throw new HeadgateError(code, `${name} is missing.`);
      return value;
    })
    .join('');
}

/** The texts whose fields are all there. */
export function textsOf<Config, Credentials>(
  texts: Readonly<Record<string, Text<Config, Credentials>>> | undefined,
  filling: Filling,
): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts ?? {})) {
    const pieces: readonly unknown[] = Array.isArray(text) ? text : [text];
    const missing = pieces.some(
      (piece) =>
        typeof piece === 'object' &&
        piece !== null &&
        ('config' in piece
          ? fieldOf(filling.config, String(piece.config)) === null
          : 'credential' in piece &&
            fieldOf(filling.credentials, String(piece.credential)) === null),
    );
    if (!missing) filled[name] = textOf(text, filling);
  }
  return filled;
}

/** A field as text, one inside another by its path; null where it is absent or empty. */
export function fieldOf(fields: unknown, name: string): string | null {
  const value = at(fields as Json, name);
  return typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : null;
}

/** A value as it goes into a query or a header. */
export const plainText = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

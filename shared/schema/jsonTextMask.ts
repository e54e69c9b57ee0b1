import { JsonError, type JsonMember, parseRecord } from '../formats/json/parseRecord.ts';
import { type InnerMask, spelling } from './ruleBook.ts';
import { redacted, type ValueMask } from './valueMask.ts';

/**
 * Masks what masks name inside the JSON text of an object or array, in every element of arrays on the way. Everything
 * else keeps its spelling, so that no digit of a number is lost. A text that cannot be taken apart is redacted whole.
 */
export function maskJsonText(
  text: string,
  masks: readonly InnerMask[],
  valueMask: ValueMask,
): string {
  try {
    return maskValue(text, masks, valueMask);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return redacted;
  }
}

function maskValue(text: string, masks: readonly InnerMask[], valueMask: ValueMask): string {
  if (masks.length === 0) return text;
  if (text.startsWith('['))
    return `[${arrayItems(text)
      .map((item) => maskValue(item, masks, valueMask))
      .join(',')}]`;
  if (!text.startsWith('{')) return text;
  const members = parseRecord(text).flatMap((member) => {
    const name = spelling(member.key);
    const here = masks.filter(({ path }) => path[0] === name);
    const whole = here.find(({ path }) => path.length === 1);
    if (whole?.mask === 'drop') return [];
    const value =
      whole === undefined
        ? maskValue(
            jsonOf(member),
            here.map(({ path, mask }) => ({ path: path.slice(1), mask })),
            valueMask,
          )
        : member.kind === 'null'
          ? 'null'
          : JSON.stringify(valueMask.text(whole.mask, member.text));
    return [`${JSON.stringify(member.key)}:${value}`];
  });
  return `{${members.join(',')}}`;
}

/** A member's value as JSON. */
export const jsonOf = ({ kind, text }: Pick<JsonMember, 'kind' | 'text'>): string =>
  kind === 'null' ? 'null' : kind === 'string' || kind === 'cell' ? JSON.stringify(text) : text;

/** The elements of an array, as `parseRecord` leaves nested values: without spaces between their parts. */
function arrayItems(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let from = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 1) {
      items.push(text.slice(from, at));
      from = at + 1;
    }
  }
  if (text.length > 2) items.push(text.slice(from, -1));
  return items;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++)
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  throw new JsonError('a string is not closed', from);
}

/**
 * What a member's value is, before its column's type is known. `double`: a number that is known to be one, with
 * more digits than can be taken for typed ones; only workbooks have it. `cell`: of a CSV row, where its text alone
 * says what it could be; only rejected rows have it.
 */
export type JsonKind = 'null' | 'string' | 'number' | 'double' | 'boolean' | 'nested' | 'cell';

/** One member of an object at the top: `text` is a string's characters, else the value as the file spells it. */
export interface JsonMember {
  readonly key: string;
  readonly kind: JsonKind;
  readonly text: string;
}

/** A text that is no JSON object; `position` is the character at fault. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

const numberPattern = /-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Infinity)|NaN/y;
const wordPattern = /true|false|null/y;
const spacePattern = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const needsParsing = /[\u0000-\u001f\\]/;

/**
 * The members of a JSON object. Numbers stay text, so that none is rounded; nested values stay text without the
 * spaces around their parts. Takes `NaN` and `Infinity`, as Python writes them. Throws JsonError for anything that
 * is not one whole JSON object, or that has a key twice.
 */
export function parseRecord(text: string): readonly JsonMember[] {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') throw new JsonError('not a JSON object', at);
  at = skipSpace(text, at + 1);
  const members: JsonMember[] = [];
  const keys = new Set<string>();
  if (text[at] === '}') at++;
  else
    while (true) {
      if (text[at] !== '"') throw new JsonError('a key in double quotes is missing', at);
      const keyEnd = endOfString(text, at);
      const key = stringIn(text, at, keyEnd);
      if (keys.has(key)) throw new JsonError(`the key ${JSON.stringify(key)} comes twice`, at);
      keys.add(key);
      at = skipSpace(text, keyEnd);
      if (text[at] !== ':') throw new JsonError('a colon is missing', at);
      at = skipSpace(text, at + 1);
      const end = endOfValue(text, at);
      members.push({ key, ...valueIn(text, at, end) });
      at = skipSpace(text, end);
      if (text[at] === ',') {
        at = skipSpace(text, at + 1);
        continue;
      }
      if (text[at] !== '}') throw new JsonError('a comma or closing brace is missing', at);
      at++;
      break;
    }
  at = skipSpace(text, at);
  if (at < text.length) throw new JsonError('something follows the object', at);
  return members;
}

function valueIn(text: string, at: number, end: number): Omit<JsonMember, 'key'> {
  const first = text[at];
  if (first === '"') return { kind: 'string', text: stringIn(text, at, end) };
  if (first === '{' || first === '[') return { kind: 'nested', text: nestedIn(text, at, end) };
  const raw = text.slice(at, end);
  if (raw === 'null') return { kind: 'null', text: '' };
  return { kind: raw === 'true' || raw === 'false' ? 'boolean' : 'number', text: raw };
}

function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first === '{' || first === '[') return endOfNested(text, at);
  for (const pattern of [numberPattern, wordPattern]) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return at + match[0].length;
  }
  throw new JsonError('not a JSON value', at);
}

function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new JsonError('a string is not closed', from);
}

function endOfNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  throw new JsonError('a bracket is not closed', from);
}

function stringIn(text: string, from: number, to: number): string {
  const inside = text.slice(from + 1, to - 1);
  if (!needsParsing.test(inside)) return inside;
  try {
    const value = JSON.parse(text.slice(from, to)) as string;
    if (!value.isWellFormed()) throw new JsonError('half of a surrogate pair', from);
    return value;
  } catch (error) {
    if (error instanceof JsonError) throw error;
    throw new JsonError('a string has a wrong escape or control character', from);
  }
}

function nestedIn(text: string, from: number, to: number): string {
  const raw = text.slice(from, to);
  try {
    JSON.parse(raw);
  } catch {
    // Python's NaN, which JSON text cannot hold, or plain nonsense.
    throw new JsonError('a nested value is no JSON', from);
  }
  return /[ \t\r\n]/.test(raw) ? withoutSpace(raw) : raw;
}

function withoutSpace(text: string): string {
  let compact = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === ' ' || character === '\n' || character === '\r' || character === '\t') {
      compact += text.slice(from, at);
      from = at + 1;
    }
  }
  return compact + text.slice(from);
}

function skipSpace(text: string, at: number): number {
  spacePattern.lastIndex = at;
  return at + (spacePattern.exec(text)?.[0].length ?? 0);
}

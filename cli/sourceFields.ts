import { readFile } from 'node:fs/promises';
import type { Connector, Json } from '../client/generated.ts';
import { exitCodes } from './exitCodes.ts';
import { CliError, type Terminal } from './terminal.ts';

type Fields = Record<string, Json>;

/** `{…}`, `@file`, or `-` for standard input. */
export async function readJsonOption(
  terminal: Terminal,
  option: string,
  text: string,
): Promise<Fields> {
  const content =
    text === '-'
      ? await terminal.readInput()
      : text.startsWith('@')
        ? await readFile(text.slice(1), 'utf8')
        : text;
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    // The parser's message would quote credentials.
    throw new CliError(exitCodes.usage, `${option}: this is no JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliError(exitCodes.usage, `${option}: a JSON object is needed.`);
  return value as Fields;
}

/** `name=value` pairs, with values as the connector's schema wants them: numbers, yes and no, JSON. */
export function assignments(
  option: string,
  pairs: readonly string[],
  schema: Connector['configSchema'],
): Fields {
  const fields: Fields = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new CliError(exitCodes.usage, `${option} ${pair}: write name=value.`);
    const name = pair.slice(0, at);
    fields[name] = typed(option, name, pair.slice(at + 1), typeOf(schema, name));
  }
  return fields;
}

function typeOf(schema: Connector['configSchema'], name: string): unknown {
  const properties = schema['properties'];
  if (typeof properties !== 'object' || properties === null) return null;
  const field = (properties as Record<string, unknown>)[name];
  return typeof field === 'object' && field !== null ? (field as { type?: unknown }).type : null;
}

function typed(option: string, name: string, text: string, type: unknown): Json {
  const wrong = (what: string): CliError =>
    new CliError(exitCodes.usage, `${option} ${name}: ${what} is needed.`);
  switch (type) {
    case 'integer':
    case 'number': {
      const number = Number(text);
      if (text.trim() === '' || !Number.isFinite(number)) throw wrong('a number');
      return number;
    }
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw wrong('true or false');
    case 'object':
    case 'array':
      try {
        return JSON.parse(text) as Json;
      } catch {
        throw wrong('JSON');
      }
    default:
      return text;
  }
}

/** Asks a person for the credentials a connector needs; passwords are not shown. */
export async function askCredentials(terminal: Terminal, connector: Connector): Promise<Fields> {
  const fields: Fields = {};
  for (const { name, title, type, required } of connector.authFields) {
    const label = `${title ?? name}${required ? '' : ' (may stay empty)'}: `;
    const answer = await terminal.ask(label, { hidden: type === 'password' });
    if (answer !== '') fields[name] = typed('credentials', name, answer, type);
  }
  return fields;
}

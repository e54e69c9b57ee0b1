import { AwsError } from '../protocol/awsError.ts';

type Matches = (message: string) => boolean;

const jsonTerm = /^\$((?:\.[A-Za-z0-9_-]+)+)\s*(=|!=)\s*("(?:[^"\\]|\\.)*"|[A-Za-z0-9_.-]+)$/;

/**
 * The part of CloudWatch's filter patterns that Headgate uses: nothing (all lines), words and "quoted
 * phrases" that must all occur, and `{ $.a.b = "text" && $.c != 1 }` on lines that are JSON.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 * Anything else throws InvalidParameterException rather than matching wrongly.
 */
export function parseFilterPattern(pattern: string): Matches {
  const text = pattern.trim();
  if (text === '') return () => true;
  if (text.startsWith('{') && text.endsWith('}'))
    return every(
      text
        .slice(1, -1)
        .split('&&')
        .map((term) => parseJsonTerm(term.trim())),
    );
  const terms = text.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? [];
  return every(
    terms.map((term) => {
      if (/^[?%[-]/.test(term)) throw unsupported(pattern);
      const phrase = term.startsWith('"') ? unquote(term) : term;
      return (message) => message.includes(phrase);
    }),
  );
}

function parseJsonTerm(term: string): Matches {
  const match = jsonTerm.exec(term);
  if (!match) throw unsupported(term);
  const [, path = '', operator, literal = ''] = match;
  const names = path.slice(1).split('.');
  const expected = literal.startsWith('"') ? unquote(literal) : literal;
  return (message) => {
    const value = valueAt(message, names);
    if (value === undefined) return false;
    return (String(value) === expected) === (operator === '=');
  };
}

function valueAt(message: string, names: readonly string[]): unknown {
  if (!message.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

const every =
  (all: readonly Matches[]): Matches =>
  (message) =>
    all.every((matches) => matches(message));

const unquote = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/g, '$1');

const unsupported = (pattern: string): AwsError =>
  new AwsError(
    'InvalidParameterException',
    `The embedded CloudWatch Logs does not read this filter pattern: ${pattern}`,
  );

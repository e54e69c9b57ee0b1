import { AwsError } from '../protocol/awsError.ts';

export type EventValue =
  | string
  | number
  | boolean
  | null
  | readonly EventValue[]
  | { readonly [name: string]: EventValue };
export type EventObject = { readonly [name: string]: EventValue };

/** Whether one value, or undefined for "not there", is accepted. */
type Matcher = (value: EventValue | undefined) => boolean;
type Pattern = (event: EventObject) => boolean;

export const invalidPattern = (reason: string): AwsError =>
  new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);

/**
 * Compiles an event pattern: exact values, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`,
 * `exists`, `numeric`, `$or`, nested to any depth. Throws InvalidEventPatternException for anything else, so
 * that a rule is never silently wider or narrower than it says.
 */
export function compilePattern(text: string): Pattern {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidPattern('it is no JSON');
  }
  if (!isObject(parsed) || Object.keys(parsed).length === 0)
    throw invalidPattern('it is no object with members');
  return compileObject(parsed);
}

function compileObject(pattern: Readonly<Record<string, unknown>>): Pattern {
  const parts = Object.entries(pattern).map(([name, part]): Pattern => {
    if (name === '$or') {
      if (!Array.isArray(part) || part.length < 2 || !part.every(isObject))
        throw invalidPattern('"$or" must be a list of objects');
      const alternatives = part.map(compileObject);
      return (event) => alternatives.some((matches) => matches(event));
    }
    if (Array.isArray(part)) return compileField(name, part);
    if (!isObject(part)) throw invalidPattern(`"${name}" must be an object or an array`);
    const inner = compileObject(part);
    return (event) => {
      const value = Object.hasOwn(event, name) ? event[name] : undefined;
      if (Array.isArray(value)) return value.some((one) => isObject(one) && inner(one));
      return inner(isObject(value) ? value : {});
    };
  });
  return (event) => parts.every((matches) => matches(event));
}

function compileField(name: string, list: readonly unknown[]): Pattern {
  if (list.length === 0) throw invalidPattern(`Empty arrays are not allowed: "${name}"`);
  const matchers = list.map(compileMatcher);
  return (event) => {
    const value = Object.hasOwn(event, name) ? event[name] : undefined;
    // An array matches when one of its members does.
    const candidates = Array.isArray(value) && value.length > 0 ? value : [value];
    return matchers.some((matches) => candidates.some((one) => matches(leafOf(one))));
  };
}

/** Only leaves are compared; an object or an empty array under a leaf pattern counts as not there. */
const leafOf = (value: EventValue | undefined): EventValue | undefined =>
  typeof value === 'object' && value !== null ? undefined : value;

function compileMatcher(matcher: unknown): Matcher {
  if (!isObject(matcher)) {
    if (Array.isArray(matcher)) throw invalidPattern('a match value must not be an array');
    return (value) => value === matcher;
  }
  const [entry, ...others] = Object.entries(matcher);
  if (entry === undefined || others.length > 0)
    throw invalidPattern('a match expression has exactly one operator');
  const [operator, operand] = entry;
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') throw invalidPattern('"exists" is true or false');
      return (value) => (value !== undefined) === operand;
    case 'numeric':
      return compileNumeric(operand);
    case 'anything-but': {
      const refused = compileAnythingBut(operand);
      return (value) => value !== undefined && !refused.some((matches) => matches(value));
    }
    default:
      return compileText(operator, operand);
  }
}

function compileAnythingBut(operand: unknown): readonly Matcher[] {
  if (!isObject(operand)) {
    const list = Array.isArray(operand) ? operand : [operand];
    if (list.length === 0) throw invalidPattern('"anything-but" needs a value');
    return list.map(compileMatcher);
  }
  const [operator = '', inner] = Object.entries(operand)[0] ?? [];
  return (Array.isArray(inner) ? inner : [inner]).map((one) => compileText(operator, one));
}

function compileText(operator: string, operand: unknown): Matcher {
  const ignoresCase = isObject(operand) && Object.keys(operand).join() === 'equals-ignore-case';
  const given = ignoresCase ? operand['equals-ignore-case'] : operand;
  if (typeof given !== 'string') throw invalidPattern(`"${operator}" needs a text`);
  const fold = (text: string): string => (ignoresCase ? text.toLowerCase() : text);
  const wanted = fold(given);
  const onText =
    (test: (text: string) => boolean): Matcher =>
    (value) =>
      typeof value === 'string' && test(fold(value));
  switch (operator) {
    case 'prefix':
      return onText((text) => text.startsWith(wanted));
    case 'suffix':
      return onText((text) => text.endsWith(wanted));
    case 'equals-ignore-case':
      return onText((text) => text.toLowerCase() === wanted.toLowerCase());
    case 'wildcard': {
      if (/\*\*/.test(wanted)) throw invalidPattern('consecutive wildcards are not allowed');
      // `*` stands for any text, `\*` and `\\` for themselves.
      const source = wanted.replaceAll(/\\([*\\])|(\*)|[\s\S]/g, (piece, literal, any) =>
        any === undefined ? escapeText(literal ?? piece) : '[\\s\\S]*',
      );
      const expression = new RegExp(`^${source}$`);
      return onText((text) => expression.test(text));
    }
    default:
      throw invalidPattern(`the embedded EventBridge has no operator "${operator}"`);
  }
}

const escapeText = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function compileNumeric(operand: unknown): Matcher {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 !== 0)
    throw invalidPattern('"numeric" is a list of operators and numbers');
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const [operator, bound]: unknown[] = operand.slice(index, index + 2);
    const comparison = typeof operator === 'string' ? comparisons[operator] : undefined;
    if (comparison === undefined || typeof bound !== 'number')
      throw invalidPattern('"numeric" is a list of operators and numbers');
    tests.push((value) => comparison(value, bound));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

const isObject = (value: unknown): value is Readonly<Record<string, EventValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

import type { Json } from '../../shared/json.ts';

/** A query as the simulator understands it. */
export interface Soql {
  readonly fields: readonly string[];
  readonly where: Condition | null;
  readonly order: readonly string[];
  readonly limit: number;
}

type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | {
      readonly field: string;
      readonly operator: string;
      readonly value: string | readonly string[];
    };

const shape =
  /^SELECT ([\w,]+) FROM Contact(?: WHERE (.+?))?(?: ORDER BY ([\w,]+))?(?: LIMIT (\d+))?$/;

/** Reads the part of SOQL that is used here. Throws for anything else, as Salesforce does for what it does not know. */
export function parseSoql(text: string): Soql {
  const match = shape.exec(text);
  if (match === null) throw new Error(`unexpected token: ${text.slice(0, 80)}`);
  const [, fields = '', where, order, limit] = match;
  return {
    fields: fields.split(','),
    where: where === undefined ? null : parseCondition(where),
    order: order?.split(',') ?? [],
    limit: limit === undefined ? 50_000 : Number(limit),
  };
}

function parseCondition(text: string): Condition {
  const all = splitOutside(text, ' AND ');
  if (all.length > 1) return { all: all.map(parseCondition) };
  const any = splitOutside(text, ' OR ');
  if (any.length > 1) return { any: any.map(parseCondition) };
  if (text.startsWith('(') && text.endsWith(')')) return parseCondition(text.slice(1, -1));
  const list = /^(\w+) IN \((.+)\)$/.exec(text);
  if (list !== null)
    return {
      field: list[1] ?? '',
      operator: 'IN',
      value: (list[2] ?? '').split(',').map((each) => each.slice(1, -1)),
    };
  const simple =
    /^(\w+) (>=|<=|>|<|=) (?:'(\w+)'|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z))$/.exec(text);
  if (simple === null) throw new Error(`unexpected condition: ${text.slice(0, 80)}`);
  const [, field = '', operator = '', id, time] = simple;
  return {
    field,
    operator,
    value: id ?? `${new Date(time ?? '').toISOString().slice(0, -1)}+0000`,
  };
}

/** Parts between separators that stand in no parentheses. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    else if (depth === 0 && text.startsWith(separator, at)) {
      parts.push(text.slice(start, at));
      start = at + separator.length;
    }
  }
  return [...parts, text.slice(start)];
}

export const matches = ({ where }: Soql, record: Readonly<Record<string, Json>>): boolean =>
  where === null || holds(where, record);

function holds(condition: Condition, record: Readonly<Record<string, Json>>): boolean {
  if ('all' in condition) return condition.all.every((each) => holds(each, record));
  if ('any' in condition) return condition.any.some((each) => holds(each, record));
  const { field, operator, value } = condition;
  const actual = String(record[field]);
  if (typeof value !== 'string') return value.includes(actual);
  switch (operator) {
    case '>':
      return actual > value;
    case '>=':
      return actual >= value;
    case '<':
      return actual < value;
    case '<=':
      return actual <= value;
    default:
      return actual === value;
  }
}

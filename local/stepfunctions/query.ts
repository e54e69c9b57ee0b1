import jsonata from 'jsonata';
import type { Json } from '../../shared/json.ts';
import { addQueryFunctions } from './queryFunctions.ts';
import { StateError } from './stateError.ts';

/** What expressions see: `$states`, and variables by name. */
export interface Bindings {
  readonly states: {
    readonly input: Json;
    readonly context: Json;
    readonly result?: Json;
    readonly errorOutput?: Json;
  };
  readonly variables: Readonly<Record<string, Json>>;
}

/** An expression that runs away is ended; AWS limits time and memory in its own way. */
const guards = { timeout: 1_000, stack: 1_000, sequence: 1_000_000 };

const compiled = new Map<string, jsonata.Expression>();

/** The expression in `{% … %}`, or null for any other string. */
export const expressionIn = (text: string): string | null =>
  text.startsWith('{%') && text.endsWith('%}') ? text.slice(2, -2).trim() : null;

/** Throws what `jsonata` throws when the text is not an expression. */
export function compileQuery(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known) return known;
  const expression = jsonata(text, guards);
  addQueryFunctions(expression);
  compiled.set(text, expression);
  return expression;
}

/**
 * Evaluates every expression in a template and answers with plain JSON.
 * Throws StateError States.QueryEvaluationError naming the expression and its field; an expression that
 * gives nothing (undefined) is one, because JSON cannot hold it.
 */
export async function evaluateTemplate(
  template: Json,
  bindings: Bindings,
  field: string,
): Promise<Json> {
  if (typeof template === 'string') {
    const text = expressionIn(template);
    return text === null ? template : await evaluateQuery(text, bindings, field);
  }
  if (isArray(template)) {
    const items: Json[] = [];
    for (const [index, item] of template.entries())
      items.push(await evaluateTemplate(item, bindings, `${field}[${index}]`));
    return items;
  }
  if (typeof template === 'object' && template !== null) {
    const entries: [string, Json][] = [];
    for (const [name, value] of Object.entries(template))
      entries.push([name, await evaluateTemplate(value, bindings, `${field}/${name}`)]);
    return Object.fromEntries(entries);
  }
  return template;
}

async function evaluateQuery(text: string, bindings: Bindings, field: string): Promise<Json> {
  let value: unknown;
  try {
    value = await compileQuery(text).evaluate(undefined, {
      ...bindings.variables,
      states: bindings.states,
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    throw queryError(
      text,
      field,
      `threw an error during evaluation. ${code === undefined ? '' : `${code}: `}${message ?? String(error)}`,
    );
  }
  if (value === undefined) throw queryError(text, field, 'returned nothing (undefined).');
  if (!isPlain(value)) throw queryError(text, field, 'returned an unsupported result type.');
  return JSON.parse(JSON.stringify(value));
}

/** JSON.stringify writes null for what AWS refuses: functions and numbers that are not finite. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value === 'object' && value !== null) {
    // What JSONata makes of a function is an object with these marks.
    if ('_jsonata_function' in value || '_jsonata_lambda' in value) return false;
    return Object.values(value).every(isPlain);
  }
  return typeof value !== 'function';
}

const queryError = (text: string, field: string, problem: string): StateError =>
  new StateError(
    'States.QueryEvaluationError',
    `The JSONata expression '${text}' specified for the field '${field}' ${problem}`,
    field,
  );

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

import type { Json } from '../../../client/generated.ts';

/** One field of a connector’s JSON Schema, as far as a form needs to know it. */
export interface FormField {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly required: boolean;
  readonly secret: boolean;
  readonly default: Json | undefined;
  readonly control:
    | { readonly kind: 'text' | 'lines' | 'json' | 'list' | 'pairs' }
    | {
        readonly kind: 'number';
        readonly min?: number;
        readonly max?: number;
        readonly step: number | 'any';
      }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'flag' };
}

type Values = Readonly<Record<string, Json>>;

const isValues = (value: Json | undefined): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
const numberIn = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** The fields of an object’s schema; of a union of objects, those of all of them, required where all require them. */
export function fieldsOf(schema: Values): readonly FormField[] {
  const choices = [schema['oneOf'], schema['anyOf']].flatMap((each) =>
    Array.isArray(each) ? (each as readonly Json[]) : [],
  );
  const objects = (choices.length > 0 ? choices : [schema]).filter(isValues);
  const found = new Map<string, FormField>();
  for (const { properties } of objects)
    for (const [name, property] of Object.entries(isValues(properties) ? properties : {})) {
      if (!isValues(property) || found.has(name)) continue;
      const required = objects.every(
        (object) => Array.isArray(object['required']) && object['required'].includes(name),
      );
      found.set(name, {
        name,
        title: text(property['title']) ?? name,
        description: text(property['description']),
        required,
        secret: property['secret'] === true,
        default: property['default'],
        control: controlOf(property),
      });
    }
  return [...found.values()];
}

function controlOf(property: Values): FormField['control'] {
  const options = property['enum'];
  if (Array.isArray(options) && options.every((each) => typeof each === 'string'))
    return { kind: 'choice', options: options as readonly string[] };
  switch (property['type']) {
    case 'boolean':
      return { kind: 'flag' };
    case 'integer':
    case 'number': {
      const [min, max] = [numberIn(property['minimum']), numberIn(property['maximum'])];
      return {
        kind: 'number',
        step: property['type'] === 'integer' ? 1 : 'any',
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
      };
    }
    case 'array': {
      const items = property['items'];
      return { kind: isValues(items) && items['type'] === 'string' ? 'list' : 'json' };
    }
    case 'object': {
      const values = property['additionalProperties'];
      return { kind: isValues(values) && values['type'] === 'string' ? 'pairs' : 'json' };
    }
    case 'string':
      return { kind: /BEGIN/.test(text(property['pattern']) ?? '') ? 'lines' : 'text' };
    default:
      return { kind: 'json' };
  }
}

/** What is typed into a control for a value. */
export function typedOf({ control }: FormField, value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (control.kind === 'list' && Array.isArray(value)) return value.join('\n');
  if (control.kind === 'pairs' && isValues(value))
    return Object.entries(value)
      .map(([name, each]) => `${name} = ${String(each)}`)
      .join('\n');
  if (control.kind === 'json') return JSON.stringify(value, null, 2);
  return String(value);
}

/** The value of what is typed; undefined leaves the field out. Throws for what cannot be one. */
export function parseTyped({ control }: FormField, typed: string): Json | undefined {
  if (typed.trim() === '') return undefined;
  switch (control.kind) {
    case 'number':
      return Number(typed);
    case 'flag':
      return typed === 'true';
    case 'list':
      return typed
        .split(/[\n,]/)
        .map((each) => each.trim())
        .filter((each) => each !== '');
    case 'pairs':
      return Object.fromEntries(
        typed
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => {
            const at = line.indexOf('=');
            if (at < 1) throw new Error(`“${line.trim()}” is not of the form name = value.`);
            return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
          }),
      );
    case 'json':
      try {
        return JSON.parse(typed) as Json;
      } catch {
        throw new Error('This is not JSON.');
      }
    default:
      return typed;
  }
}

import type { Json } from '../../shared/json.ts';

export type Schema = { readonly [key: string]: Json };

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const schemasIn = (value: Json | undefined): readonly Schema[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isSchema) : [];

/** The TypeScript type of a JSON Schema, as far as the API's own document uses JSON Schema. */
export function typeText(schema: Schema, indent = ''): string {
  const { $ref, anyOf, oneOf, enum: values, type } = schema;
  if (typeof $ref === 'string') return $ref.replace('#/components/schemas/', '');
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  const choices = [...schemasIn(anyOf), ...schemasIn(oneOf)];
  if (choices.length > 0) return choices.map((choice) => typeText(choice, indent)).join(' | ');
  if (Array.isArray(type))
    return type.map((each) => typeText({ ...schema, type: each }, indent)).join(' | ');
  switch (type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `readonly ${wrap(isSchema(schema['items']) ? typeText(schema['items'], indent) : 'Json')}[]`;
    case 'object':
      return objectText(schema, indent);
    default:
      return 'Json';
  }
}

const wrap = (text: string): string =>
  /[ |]/.test(text) && !text.startsWith('{') ? `(${text})` : text;

function objectText(schema: Schema, indent: string): string {
  const { properties, required, additionalProperties } = schema;
  const inner = `${indent}  `;
  const needed = new Set(Array.isArray(required) ? required : []);
  const lines = Object.entries(isSchema(properties) ? properties : {}).flatMap(
    ([name, property]) =>
      isSchema(property)
        ? [
            ...commentLines(property['description'], inner),
            `${inner}readonly ${nameText(name)}${needed.has(name) ? '' : '?'}: ${typeText(property, inner)}${needed.has(name) ? '' : ' | undefined'};`,
          ]
        : [],
  );
  const rest = isSchema(additionalProperties) ? typeText(additionalProperties, inner) : null;
  const open = additionalProperties === true || (rest === 'Json' && lines.length > 0);
  if (lines.length === 0 && rest !== null) return `{ readonly [name: string]: ${rest} }`;
  if (open) lines.push(`${inner}readonly [name: string]: Json | undefined;`);
  return lines.length === 0
    ? 'Readonly<Record<string, never>>'
    : `{\n${lines.join('\n')}\n${indent}}`;
}

export const nameText = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);

export function commentLines(text: Json | undefined, indent: string): readonly string[] {
  if (typeof text !== 'string' || text === '') return [];
  return [`${indent}/** ${text.replaceAll('*/', '* /').replaceAll(/\s*\n\s*/g, ' ')} */`];
}

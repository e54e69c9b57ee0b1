import type { Json } from '../../shared/json.ts';
import { commentLines, nameText, type Schema, typeText } from './typeText.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: { readonly 'application/json'?: { readonly schema: Schema } } }
    >
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The text of `client/generated.ts`: a pure function of the OpenAPI document. */
export function clientText(openApi: { readonly [key: string]: Json }): string {
  const document = openApi as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return [
    '// Made from the OpenAPI document by `npm run generate`. Not edited by hand.',
    '',
    ...Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      name === 'Json' ? [jsonText, ''] : [`export type ${name} = ${typeText(schema)};`, ''],
    ),
    ...operations.flatMap(({ operation }) => [inputText(operation), '']),
    '/** One method per operation. Each rejects with `ProblemError` for anything but success. */',
    'export interface Client {',
    ...operations.flatMap(({ operation }) => methodText(operation)),
    '}',
    '',
    '/** What the methods do, for `createClient`. */',
    'export const operations = {',
    ...operations.map(({ path, method, operation }) => operationText(path, method, operation)),
    '} as const;',
    '',
  ].join('\n');
}

const jsonText = `export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };`;

const typeName = ({ operationId }: Operation): string =>
  `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}Input`;

const parametersIn = ({ parameters }: Operation, place: Parameter['in']): readonly Parameter[] =>
  (parameters ?? []).filter((parameter) => parameter.in === place);

function inputText(operation: Operation): string {
  const lines = parametersIn(operation, 'path').flatMap(fieldLines('  '));
  for (const [name, place] of [
    ['query', 'query'],
    ['headers', 'header'],
  ] as const) {
    const parameters = parametersIn(operation, place);
    if (parameters.length === 0) continue;
    const optional = parameters.every(({ required }) => !required);
    lines.push(
      `  readonly ${name}${optional ? '?' : ''}: {`,
      ...parameters.flatMap(fieldLines('    ')),
      `  }${optional ? ' | undefined' : ''};`,
    );
  }
  const { requestBody } = operation;
  if (requestBody !== undefined) {
    const type = typeText(requestBody.content['application/json'].schema);
    const { required } = requestBody;
    lines.push(`  readonly body${required ? '' : '?'}: ${type}${required ? '' : ' | undefined'};`);
  }
  lines.push('  readonly signal?: AbortSignal | undefined;');
  return `export interface ${typeName(operation)} {\n${lines.join('\n')}\n}`;
}

const fieldLines =
  (indent: string) =>
  ({ name, required, description, schema }: Parameter): readonly string[] => [
    ...commentLines(description, indent),
    `${indent}readonly ${nameText(name)}${required ? '' : '?'}: ${argumentText(schema)}${required ? '' : ' | undefined'};`,
  ];

/** A flag of the query is text on the wire and a boolean for people. */
const argumentText = (schema: Schema): string => {
  const text = typeText(schema);
  return text === '"true" | "false"' ? 'boolean' : text;
};

const isOptional = (operation: Operation): boolean =>
  (operation.parameters ?? []).every(({ required }) => !required) &&
  operation.requestBody?.required !== true;

function methodText(operation: Operation): readonly string[] {
  const input = `input${isOptional(operation) ? '?' : ''}: ${typeName(operation)}`;
  return [
    ...commentLines(`${operation.summary}.`, '  '),
    `  ${operation.operationId}(${input}): Promise<${outputText(operation)}>;`,
  ];
}

function outputText({ responses }: Operation): string {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const schema = success?.content?.['application/json']?.schema;
  return schema === undefined ? 'null' : typeText(schema, '  ');
}

function operationText(path: string, method: string, operation: Operation): string {
  const names = (place: Parameter['in']): string =>
    JSON.stringify(parametersIn(operation, place).map(({ name }) => name));
  return `  ${operation.operationId}: { method: '${method.toUpperCase()}', path: '${path}', query: ${names('query')}, headers: ${names('header')}, hasBody: ${operation.requestBody !== undefined} },`;
}

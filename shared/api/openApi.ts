import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type ErrorCode, errorTable } from '../errors.ts';
import { type Json, json } from '../json.ts';
import type { Route } from './route.ts';
import { problem } from './schemas/problem.ts';

type Schema = Record<string, Json>;

const tags: Readonly<Record<Route['function'], string>> = {
  apiCatalog: 'Catalogue',
  apiSources: 'Sources',
  apiRuns: 'Runs',
  apiFiles: 'Files',
  apiTables: 'Tables',
  apiTokens: 'Tokens',
  apiEvents: 'Events',
};

/** May come back from any operation. */
const everywhere: readonly ErrorCode[] = [
  'validation_failed',
  'too_many_requests',
  'internal_error',
  'service_unavailable',
];

/** The OpenAPI 3.1 document of a route table: a pure function of it, in a stable order. */
export function openApiDocument(routes: readonly Route[]): Schema {
  const components: Record<string, Schema> = { Json: { description: 'Any JSON value.' } };
  const keep = (name: string, component: Schema): void => {
    const known = components[name];
    if (known !== undefined && !isDeepStrictEqual(known, component))
      throw new Error(`two schemas are called ${name}`);
    components[name] = component;
  };
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Schema => {
    const { $defs, ...own } = toJsonSchema(schema, io);
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Schema>))
      if (!isJson(name, definition)) keep(name, nameless(tidy(definition)));
    const moved = tidy(own);
    const { id } = schema.meta() ?? {};
    if (id === undefined) return moved;
    if (moved['$ref'] === undefined) keep(id, nameless(moved));
    return { $ref: `#/components/schemas/${id}` };
  };
  const problemRef = schemaOf(problem, 'output');
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const path = route.path.replace('+}', '}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route, schemaOf, problemRef);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headgate',
      version: '1',
      description:
        'Register sources, run them, read what they loaded. Every failure is an RFC 9457 problem.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: Object.values(tags).map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'hg_…' } },
    },
  };
}

const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Schema =>
  z
    .record(z.string(), json)
    .parse(
      JSON.parse(
        JSON.stringify(
          z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' }),
        ),
      ),
    );

const nameless = ({ id, ...component }: Schema): Schema => component;

/** zod has no name for the recursive schema of any JSON value. */
function isJson(name: string, definition: Schema): boolean {
  if (!name.startsWith('__schema')) return false;
  if (Array.isArray(definition['anyOf']) && definition['anyOf'].length === 6) return true;
  throw new Error(`a schema that is used twice has no id: ${JSON.stringify(definition)}`);
}

/**
 * zod puts named schemas under `$defs`, OpenAPI under `components`. What says nothing to a reader goes: the
 * pattern of a date beside its format, the bounds of a double's whole numbers, names that are text.
 */
function tidy(value: Schema): Schema {
  const visit = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    const { format } = node as Schema;
    return Object.fromEntries(
      Object.entries(node as Schema)
        .filter(
          ([name, inner]) =>
            name !== '$schema' &&
            !(name === 'pattern' && (format === 'date' || format === 'date-time')) &&
            !(name === 'propertyNames' && isDeepStrictEqual(inner, { type: 'string' })) &&
            Math.abs(Number(inner)) !== Number.MAX_SAFE_INTEGER,
        )
        .map(([name, inner]) => [
          name,
          name === '$ref' && typeof inner === 'string' ? componentOf(inner) : visit(inner),
        ]),
    );
  };
  return visit(value) as Schema;
}

const componentOf = (ref: string): string =>
  ref.startsWith('#/$defs/__schema')
    ? '#/components/schemas/Json'
    : ref.replace('#/$defs/', '#/components/schemas/');

function operationOf(
  route: Route,
  schemaOf: (schema: z.ZodType, io: 'input' | 'output') => Schema,
  problemRef: Schema,
): Schema {
  const parameters = [
    ...parametersIn('path', route.params),
    ...parametersIn('query', route.query),
    ...parametersIn('header', route.headers),
  ];
  const responses: Record<string, Schema> = {};
  for (const [status, schema] of Object.entries(route.responses))
    responses[status] = {
      description: schema === null ? 'Done' : 'Success',
      ...(schema === null
        ? {}
        : { content: { 'application/json': { schema: schemaOf(schema, 'output') } } }),
    };
  for (const [status, codes] of errorsOf(route))
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('\n\n'),
      content: { 'application/problem+json': { schema: problemRef } },
    };
  return {
    operationId: route.operationId,
    tags: [tags[route.function]],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.public === true ? { security: [] } : {}),
    'x-headgate-role': route.role,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse({}).success,
            content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
          },
        }),
    responses,
  };
}

function parametersIn(
  place: 'path' | 'query' | 'header',
  object: z.ZodObject | undefined,
): Schema[] {
  if (object === undefined) return [];
  const { properties, required } = tidy(toJsonSchema(object, 'input'));
  const needed = Array.isArray(required) ? required : [];
  return Object.entries((properties ?? {}) as Record<string, Schema>).map(([name, property]) => {
    const { description, ...schema } = property;
    return {
      name,
      in: place,
      required: place === 'path' || needed.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: parameterSchema(schema, object.shape[name]),
    };
  });
}

/** A coerced parameter takes any text as far as JSON Schema can tell; what it becomes says more. */
function parameterSchema(schema: Schema, source: unknown): Schema {
  if (Object.keys(schema).some((key) => key !== 'default') || !(source instanceof z.ZodType))
    return schema;
  const { description, ...becomes } = tidy(toJsonSchema(source, 'output'));
  return becomes;
}

function errorsOf(route: Route): readonly (readonly [string, readonly ErrorCode[]])[] {
  const codes = new Set<ErrorCode>([
    ...everywhere,
    ...(route.public === true ? [] : (['unauthorized', 'forbidden'] as const)),
    ...route.errors,
  ]);
  const byStatus = Map.groupBy(codes, (code) => String(errorTable[code].status));
  return [...byStatus].sort(([a], [b]) => (a < b ? -1 : 1));
}

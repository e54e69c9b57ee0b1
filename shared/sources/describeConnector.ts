import * as z from 'zod';
import type { ConnectorDetails, ConnectorSummary } from '../api/schemas/connector.ts';
import type { Connector } from '../connectors/connector.ts';
import { type Json, json } from '../json.ts';

/** The JSON Schema of what a caller may send. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, Json> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return z.record(z.string(), json).parse(JSON.parse(JSON.stringify(rest)));
}

/** Names of fields marked `secret: true`, at any depth. */
export function secretFieldNames(schema: z.ZodType): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: Json): void => {
    if (typeof node !== 'object' || node === null) return;
    const properties = isRecord(node) ? node['properties'] : undefined;
    if (isRecord(properties))
      for (const [name, property] of Object.entries(properties))
        if (isRecord(property) && property['secret'] === true) names.add(name);
    for (const inner of Object.values(node)) visit(inner as Json);
  };
  visit(jsonSchemaOf(schema));
  return names;
}

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A connector's entry in the catalogue. */
export const connectorSummaryOf = (connector: Connector): ConnectorSummary => ({
  name: connector.name,
  title: connector.title,
  description: connector.description,
  docs: connector.docs,
  labels: [...connector.labels],
  authMethods: connector.authMethods.map(({ name, title, fields }) => ({
    name,
    title,
    fields: [...fields],
  })),
  canConnect: connector.connect !== undefined,
  syncModes: [...connector.syncModes],
  fileTypes: [...(connector.fileTypes ?? [])],
  supportsContinuous: connector.supportsContinuous,
  supportsDateRange: connector.supportsDateRange,
});

/** The same with the fields a form would ask for. */
export function connectorDetailsOf(connector: Connector): ConnectorDetails {
  const credentialsSchema = jsonSchemaOf(connector.credentials);
  return {
    ...connectorSummaryOf(connector),
    authFields: fieldsOf(credentialsSchema),
    configSchema: jsonSchemaOf(connector.config),
    credentialsSchema,
  };
}

/** Fields of an object, or of all the objects of a union, in which one is required only if all require it. */
function fieldsOf(schema: Record<string, Json>): ConnectorDetails['authFields'] {
  const shapes = [schema['oneOf'], schema['anyOf']].flatMap((choices) =>
    Array.isArray(choices) ? (choices as readonly Json[]) : [],
  );
  const objects = (shapes.length > 0 ? shapes : [schema]).filter(isRecord);
  const fields = new Map<string, ConnectorDetails['authFields'][number]>();
  for (const { properties } of objects)
    for (const [name, property] of Object.entries(isRecord(properties) ? properties : {})) {
      if (!isRecord(property) || fields.has(name)) continue;
      const { title, description } = property;
      fields.set(name, {
        name,
        type: fieldType(property),
        required: objects.every(
          ({ required }) => Array.isArray(required) && required.includes(name),
        ),
        ...(typeof title === 'string' ? { title } : {}),
        ...(typeof description === 'string' ? { description } : {}),
      });
    }
  return [...fields.values()];
}

function fieldType(property: {
  readonly [key: string]: Json;
}): ConnectorDetails['authFields'][number]['type'] {
  if (property['secret'] === true) return 'password';
  switch (property['type']) {
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'object':
    case 'array':
      return 'object';
    default:
      return 'string';
  }
}

import * as z from 'zod';
import { json } from '../../json.ts';
import { syncMode } from '../../sources/sourceItem.ts';

const authField = z.strictObject({
  name: z.string(),
  type: z.enum(['string', 'password', 'number', 'boolean', 'object']),
  required: z.boolean(),
  title: z.string().optional(),
  description: z.string().optional(),
});

const summary = {
  name: z.string(),
  title: z.string(),
  description: z.string(),
  docs: z.string(),
  labels: z.array(z.string()),
  authMethods: z.array(
    z.strictObject({ name: z.string(), title: z.string(), fields: z.array(z.string()) }),
  ),
  canConnect: z.boolean().describe('A person can agree in the browser: `POST /v1/oauth/connect`.'),
  syncModes: z.array(syncMode),
  fileTypes: z.array(z.string()).describe('Endings of files it takes; empty: none.'),
  supportsContinuous: z.boolean(),
  supportsDateRange: z.boolean(),
};

export const connectorSummary = z.strictObject(summary).meta({ id: 'ConnectorSummary' });
export const connectorDetails = z
  .strictObject({
    ...summary,
    authFields: z.array(authField),
    configSchema: z.record(z.string(), json).describe('JSON Schema of `config`.'),
    credentialsSchema: z.record(z.string(), json).describe('JSON Schema of `credentials`.'),
  })
  .meta({ id: 'Connector' });
export type ConnectorSummary = z.infer<typeof connectorSummary>;
export type ConnectorDetails = z.infer<typeof connectorDetails>;

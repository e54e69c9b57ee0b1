import * as z from 'zod';
import { json } from '../../json.ts';
import type { Route } from '../route.ts';
import { connectorDetails, connectorSummary } from '../schemas/connector.ts';
import { functionReport } from '../schemas/functions.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { healthReport } from '../schemas/run.ts';

const labels = ['database', 'warehouse', 'files', 'saas', 'stream'] as const;

export const catalogRoutes = [
  {
    operationId: 'getOpenApi',
    method: 'GET',
    path: '/v1/openapi.json',
    function: 'apiCatalog',
    role: 'viewer',
    public: true,
    summary: 'This document',
    responses: { 200: z.record(z.string(), json) },
    errors: [],
  },
  {
    operationId: 'getProblem',
    method: 'GET',
    path: '/problems/{code}',
    function: 'apiCatalog',
    role: 'viewer',
    public: true,
    summary: 'What a problem’s type means',
    params: z.strictObject({ code: z.string().max(64) }),
    responses: {
      200: z
        .strictObject({
          code: z.string(),
          title: z.string(),
          status: z.int(),
          retryable: z.boolean(),
        })
        .meta({ id: 'ProblemType' }),
    },
    errors: ['not_found'],
  },
  {
    operationId: 'listConnectors',
    method: 'GET',
    path: '/v1/connectors',
    function: 'apiCatalog',
    role: 'viewer',
    summary: 'List the kinds of source there are',
    query: z.strictObject({ ...pageQuery, label: z.enum(labels).optional() }),
    responses: { 200: pageOf(connectorSummary) },
    errors: [],
  },
  {
    operationId: 'getConnector',
    method: 'GET',
    path: '/v1/connectors/{name}',
    function: 'apiCatalog',
    role: 'viewer',
    summary: 'One kind of source, with the fields it asks for',
    params: z.strictObject({ name: z.string().max(64) }),
    responses: { 200: connectorDetails },
    errors: ['not_found'],
  },
  {
    operationId: 'getHealth',
    method: 'GET',
    path: '/v1/health',
    function: 'apiCatalog',
    role: 'viewer',
    summary: 'How the sources are, and the latest failures',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(100).default(20).describe('Failures to list.'),
    }),
    responses: { 200: healthReport },
    errors: [],
  },
  {
    operationId: 'getFunctionHealth',
    method: 'GET',
    path: '/v1/health/functions',
    function: 'apiCatalog',
    role: 'admin',
    summary: 'Which of Headgate’s own functions failed in the last day',
    description:
      'Counts that CloudWatch has of the whole installation, a minute or two late. Functions that fail are tried again by whoever called them; their logs say why they did.',
    responses: { 200: functionReport },
    errors: ['service_unavailable'],
  },
] as const satisfies readonly Route[];

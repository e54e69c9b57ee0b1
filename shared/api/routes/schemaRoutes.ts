import * as z from 'zod';
import type { Route } from '../route.ts';
import {
  driftQuery,
  driftRecord,
  runDrift,
  schemaHistoryQuery,
  schemaVersion,
} from '../schemas/drift.ts';
import { pageOf } from '../schemas/page.ts';
import { sourceParams } from './sourceRoutes.ts';

export const schemaRoutes = [
  {
    operationId: 'listSchemaVersions',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/schema/history',
    function: 'apiTables',
    role: 'viewer',
    summary: 'Every schema a table had, and the run that made it, newest first',
    params: sourceParams,
    query: schemaHistoryQuery,
    responses: { 200: pageOf(schemaVersion) },
    errors: ['not_found'],
  },
  {
    operationId: 'listDrift',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/drift',
    function: 'apiTables',
    role: 'viewer',
    summary: 'How what arrived differed from the tables, newest first',
    params: sourceParams,
    query: driftQuery,
    responses: { 200: pageOf(driftRecord) },
    errors: ['not_found'],
  },
  {
    operationId: 'getRunDrift',
    method: 'GET',
    path: '/v1/runs/{runId}/drift',
    function: 'apiTables',
    role: 'viewer',
    summary: 'How what one run read differed from its tables',
    params: z.strictObject({ runId: z.string().min(1).max(80) }),
    responses: { 200: runDrift },
    errors: ['not_found'],
  },
] as const satisfies readonly Route[];

import * as z from 'zod';
import type { Route } from '../route.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { acceptedRun, idempotencyHeaders, run, runLog, startRun } from '../schemas/run.ts';
import { sourceParams } from './sourceRoutes.ts';

const runParams = z.strictObject({ runId: z.string().min(1).max(80) });
const busyErrors = [
  'not_found',
  'sync_in_progress',
  'queue_full',
  'source_archived',
  'idempotency_mismatch',
] as const;

export const runRoutes = [
  {
    operationId: 'startRun',
    method: 'POST',
    path: '/v1/sources/{idOrKey}/runs',
    function: 'apiRuns',
    role: 'editor',
    summary: 'Start a run, or queue it behind the one that holds the source',
    params: sourceParams,
    headers: idempotencyHeaders,
    body: startRun,
    responses: { 202: acceptedRun },
    location: '/v1/runs/{runId}',
    errors: [...busyErrors, 'invalid_config', 'unsupported_media_type'],
  },
  {
    operationId: 'listRuns',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/runs',
    function: 'apiRuns',
    role: 'viewer',
    summary: 'The history of a source, newest first',
    params: sourceParams,
    query: z.strictObject(pageQuery),
    responses: { 200: pageOf(run) },
    errors: ['not_found'],
  },
  {
    operationId: 'getRun',
    method: 'GET',
    path: '/v1/runs/{runId}',
    function: 'apiRuns',
    role: 'viewer',
    summary: 'One run',
    params: runParams,
    responses: { 200: run },
    errors: ['not_found'],
  },
  {
    operationId: 'getRunLog',
    method: 'GET',
    path: '/v1/runs/{runId}/log',
    function: 'apiRuns',
    role: 'viewer',
    summary: 'What happened in a run, in order',
    params: runParams,
    responses: { 200: runLog },
    errors: ['not_found'],
  },
  {
    operationId: 'cancelRun',
    method: 'POST',
    path: '/v1/runs/{runId}/cancel',
    function: 'apiRuns',
    role: 'editor',
    summary: 'Stop a run; what it committed stays',
    params: runParams,
    responses: { 202: run },
    errors: ['not_found', 'run_finished'],
  },
  {
    operationId: 'clearData',
    method: 'DELETE',
    path: '/v1/sources/{idOrKey}/data',
    function: 'apiRuns',
    role: 'editor',
    summary: 'Remove all rows of a source, by a run under its lock',
    params: sourceParams,
    headers: idempotencyHeaders,
    responses: { 202: acceptedRun },
    location: '/v1/runs/{runId}',
    errors: [...busyErrors],
  },
] as const satisfies readonly Route[];

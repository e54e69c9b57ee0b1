import * as z from 'zod';
import type { Route } from '../route.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import {
  previewQuery,
  rejectsQuery,
  rows,
  snapshots,
  table,
  tableSummary,
} from '../schemas/table.ts';
import { sourceParams } from './sourceRoutes.ts';

export const tableRoutes = [
  {
    operationId: 'listTables',
    method: 'GET',
    path: '/v1/tables',
    function: 'apiTables',
    role: 'viewer',
    summary: 'List tables, by source in creation order',
    query: z.strictObject({ ...pageQuery, source: z.string().max(255).optional() }),
    responses: { 200: pageOf(tableSummary) },
    errors: ['not_found'],
  },
  {
    operationId: 'getTable',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/tables/{stream}',
    function: 'apiTables',
    role: 'viewer',
    summary: 'One table with its columns',
    params: sourceParams.extend({ stream: z.string().min(1).max(255) }),
    responses: { 200: table },
    errors: ['not_found'],
  },
  {
    operationId: 'previewRows',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/preview',
    function: 'apiTables',
    role: 'viewer',
    summary: 'The first rows of a table',
    params: sourceParams,
    query: previewQuery,
    responses: { 200: rows },
    errors: ['not_found'],
  },
  {
    operationId: 'listRejects',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/rejects',
    function: 'apiTables',
    role: 'viewer',
    summary: 'Rows that did not fit, with file, line, column and reason',
    params: sourceParams,
    query: rejectsQuery,
    responses: { 200: rows },
    errors: ['not_found'],
  },
  {
    operationId: 'listSnapshots',
    method: 'GET',
    path: '/v1/sources/{idOrKey}/snapshots',
    function: 'apiTables',
    role: 'viewer',
    summary: 'The versions of a table that can still be read',
    params: sourceParams,
    query: rejectsQuery,
    responses: { 200: snapshots },
    errors: ['not_found'],
  },
] as const satisfies readonly Route[];

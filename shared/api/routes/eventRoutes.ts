import * as z from 'zod';
import type { Route } from '../route.ts';
import { eventPage, liveAddress } from '../schemas/event.ts';

export const eventRoutes = [
  {
    operationId: 'listEvents',
    method: 'GET',
    path: '/v1/events',
    function: 'apiEvents',
    role: 'viewer',
    summary: 'What happened since an event, oldest first',
    description: 'Go on with `after` = `upTo` until it is `head`. Events are kept for 7 days.',
    query: z.strictObject({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .describe('The last number known. Left out: the newest events.'),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(200)
        .default(100)
        .describe('Events to look at; the answer may hold fewer.'),
      source: z.string().min(1).max(255).optional().describe('Id or key of the only source.'),
    }),
    responses: { 200: eventPage },
    errors: ['not_found'],
  },
  {
    operationId: 'getLiveAddress',
    method: 'GET',
    path: '/v1/events/live',
    function: 'apiEvents',
    role: 'viewer',
    summary: 'Where to hear of events as they happen',
    responses: { 200: liveAddress },
    errors: [],
  },
] as const satisfies readonly Route[];

import * as z from 'zod';
import type { Route } from '../route.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { changeWebhook, createdWebhook, createWebhook, webhook } from '../schemas/webhook.ts';

const params = z.strictObject({ webhookId: z.string().min(1).max(64) });
const common = { function: 'apiEvents', role: 'admin' } as const;

export const webhookRoutes = [
  {
    ...common,
    operationId: 'createWebhook',
    method: 'POST',
    path: '/v1/webhooks',
    summary: 'Have an address told of events or alerts',
    description:
      'Deliveries are signed (Standard Webhooks: HMAC-SHA256 over id, time and body) and tried again for two hours.',
    body: createWebhook,
    responses: { 201: createdWebhook },
    errors: ['unsupported_media_type', 'not_found', 'address_refused', 'invalid_config'],
  },
  {
    ...common,
    operationId: 'listWebhooks',
    method: 'GET',
    path: '/v1/webhooks',
    summary: 'List webhooks, oldest first',
    query: z.strictObject(pageQuery),
    responses: { 200: pageOf(webhook) },
    errors: [],
  },
  {
    ...common,
    operationId: 'getWebhook',
    method: 'GET',
    path: '/v1/webhooks/{webhookId}',
    summary: 'One webhook, and how its last delivery went',
    params,
    responses: { 200: webhook },
    errors: ['not_found'],
  },
  {
    ...common,
    operationId: 'changeWebhook',
    method: 'PATCH',
    path: '/v1/webhooks/{webhookId}',
    summary: 'Rename a webhook, choose its events, switch it off or on',
    params,
    body: changeWebhook,
    responses: { 200: webhook },
    errors: ['not_found', 'unsupported_media_type'],
  },
  {
    ...common,
    operationId: 'deleteWebhook',
    method: 'DELETE',
    path: '/v1/webhooks/{webhookId}',
    summary: 'Delete a webhook and its secret',
    params,
    responses: { 204: null },
    errors: ['not_found'],
  },
  {
    ...common,
    operationId: 'testWebhook',
    method: 'POST',
    path: '/v1/webhooks/{webhookId}/test',
    summary: 'Send a webhook a test message',
    description: 'Look at `lastAttempt` for how it went.',
    params,
    responses: { 202: z.strictObject({ id: z.string() }).meta({ id: 'TestDelivery' }) },
    errors: ['not_found'],
  },
] as const satisfies readonly Route[];

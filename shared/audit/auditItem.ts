import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ulid } from '../ids.ts';
import { type Json, json } from '../json.ts';
import { type Table, tenantKey } from '../table.ts';
import type { TransactItem } from '../transact.ts';

export const auditAction = z.enum([
  'source.created',
  'source.changed',
  'source.deleted',
  'credentials.replaced',
  'source.tested',
  'attention.acknowledged',
  'rejects.replayed',
  'run.requested',
  'run.cancelled',
  'run.undone',
  'cursor.set',
  'data.cleared',
  'upload.created',
  'upload.completed',
  'upload.aborted',
  'file.deleted',
  'file.reloaded',
  'file.restored',
  'token.created',
  'token.revoked',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'oauth.connected',
]);

/** Who changed what. Sort key `AUDIT#<ulid>`: in order of time. Never holds secrets. */
export const auditItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  id: z.string(),
  at: z.iso.datetime(),
  /** Id of the token that asked. */
  by: z.string(),
  requestId: z.string(),
  action: auditAction,
  /** Source, run, file or token. */
  subject: z.string(),
  /** The changed fields as they were and as they are; absent where there was nothing or is nothing. */
  before: json.optional(),
  after: json.optional(),
});
export type AuditItem = z.infer<typeof auditItem>;

export const auditPrefix = 'AUDIT#';

/** A change as the one who makes it tells it. `before` and `after` MUST already be masked. */
export interface Change {
  readonly tenant: string;
  readonly by: string;
  readonly requestId: string;
  readonly action: z.infer<typeof auditAction>;
  readonly subject: string;
  readonly before?: Json;
  readonly after?: Json;
}

const itemOf = (change: Change, now: Date): AuditItem & { pk: string; sk: string } => {
  const id = ulid(now);
  return {
    pk: tenantKey(change.tenant),
    sk: `${auditPrefix}${id}`,
    v: 1,
    id,
    at: now.toISOString(),
    ...change,
  };
};

/** Part of the transaction that makes the change. */
export const audited = (table: Table, change: Change, now: Date): TransactItem => ({
  Put: { TableName: table.name, Item: itemOf(change, now) },
});

/** For changes that are no transaction of ours. */
export async function recordAudit(table: Table, change: Change, now: Date): Promise<void> {
  await table.client.send(new PutCommand({ TableName: table.name, Item: itemOf(change, now) }));
}

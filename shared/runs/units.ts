import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import { conditional, type Fence, fenceLost } from './lock.ts';
import type { RunProgress } from './lockItem.ts';
import { type UnitsItem, unitsItem, unitsItemKey } from './unitsItem.ts';

type Run = Pick<Fence, 'tenant' | 'sourceId' | 'runId'>;

/** Units are heard of every 15 s; between two of them lie a cold start and the state machine's retries. */
export const unitsSilenceMilliseconds = 10 * 60_000;
const keepSeconds = 7 * 24 * 3600;

/** Before the first unit of a plan starts. Units of an earlier plan are zombies from now on. */
export async function openUnits(
  table: Table,
  { tenant, sourceId, runId }: Run,
  planKey: string,
  now: Date,
): Promise<void> {
  const item: UnitsItem = {
    v: 1,
    tenant,
    sourceId,
    runId,
    planKey,
    pages: 0,
    rows: 0,
    bytes: 0,
    heardAt: now.getTime(),
    quietUntil: 0,
    expiresAt: Math.floor(now.getTime() / 1000) + keepSeconds,
  };
  await table.client.send(
    new PutCommand({ TableName: table.name, Item: { ...unitsItemKey(tenant, runId), ...item } }),
  );
}

/**
 * A sign of life of one unit, with what it did since the last. Throws `fence_lost` when the run was ended, or its
 * units are others by now. `quietUntil`: silence is expected until then.
 */
export async function beatUnits(
  table: Table,
  fence: Fence,
  planKey: string,
  { pages, rows, bytes }: Pick<RunProgress, 'pages' | 'rows' | 'bytes'>,
  now: Date,
): Promise<void> {
  const held = await conditional(table, {
    TableName: table.name,
    Key: unitsItemKey(fence.tenant, fence.runId),
    UpdateExpression: 'SET heardAt = :now ADD pages :pages, #rows :rows, #bytes :bytes',
    ConditionExpression: 'planKey = :plan',
    ExpressionAttributeNames: { '#rows': 'rows', '#bytes': 'bytes' },
    ExpressionAttributeValues: {
      ':now': now.getTime(),
      ':pages': pages,
      ':rows': rows,
      ':bytes': bytes,
      ':plan': planKey,
    },
  });
  if (!held) throw fenceLost(fence);
}

/** A unit waits until then, and nobody need hear of it. */
export async function quietUnits(
  table: Table,
  fence: Fence,
  planKey: string,
  until: Date,
): Promise<void> {
  await conditional(table, {
    TableName: table.name,
    Key: unitsItemKey(fence.tenant, fence.runId),
    UpdateExpression: 'SET quietUntil = :until',
    ConditionExpression: 'planKey = :plan AND quietUntil < :until',
    ExpressionAttributeValues: { ':until': until.getTime(), ':plan': planKey },
  });
}

export async function getUnits(
  table: Table,
  tenant: string,
  runId: string,
): Promise<UnitsItem | null> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: unitsItemKey(tenant, runId),
      ConsistentRead: true,
    }),
  );
  if (Item === undefined) return null;
  const { pk, sk, ...item } = Item;
  return unitsItem.parse(item);
}

/** Until when a run may be silent because its units are at work, were they never heard of again. */
export const unitsAliveUntil = ({ heardAt, quietUntil }: UnitsItem): number =>
  Math.max(heardAt, quietUntil) + unitsSilenceMilliseconds;

/** Their work is collected: what is still at it is a zombie. */
export async function closeUnits(table: Table, { tenant, runId }: Run): Promise<void> {
  await table.client.send(
    new DeleteCommand({ TableName: table.name, Key: unitsItemKey(tenant, runId) }),
  );
}

/** Part of a transaction: the run has no units any more, and those at work notice it at their next sign of life. */
export const removeUnits = (table: Table, { tenant, runId }: Run): TransactItem => ({
  Delete: { TableName: table.name, Key: unitsItemKey(tenant, runId) },
});

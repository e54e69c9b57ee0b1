import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { appendEvents, type UnnumberedEvent } from '../../shared/events/appendEvents.ts';
import type { EventBus } from '../../shared/events/eventBus.ts';
import { eventOfChange } from '../../shared/events/eventOfChange.ts';
import {
  closeConnectionsOf,
  type TellDependencies,
  tellConnections,
} from '../../shared/events/tellConnections.ts';
import type { HeadgateEvent } from '../../shared/events.ts';
import { getSource } from '../../shared/sources/getSource.ts';
import { revokedTokenOf } from '../../shared/tokens/revokedToken.ts';

export interface Dependencies extends TellDependencies {
  readonly bus: EventBus;
}

/**
 * Follows the table's changes: what they mean goes into the tenant's log, and from there to the open connections and
 * to the bus. A batch that fails anywhere comes again as a whole: what is logged keeps its number and is told again
 * under it. A change that is not understood is logged as an error and passed over, because it would hold up all others.
 */
export const makeHandler =
  (dependencies: Dependencies) =>
  async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const { table, now, bus } = dependencies;
    for (const [tenant, events] of await eventsByTenant(dependencies, Records)) {
      const numbered = await appendEvents(table, tenant, events, now());
      await tellConnections(dependencies, tenant, numbered);
      await bus.put(tenant, numbered);
    }
    for (const record of Records) {
      const revoked = revokedTokenOf(record);
      if (revoked !== null) await closeConnectionsOf(dependencies, revoked.tenant, revoked.tokenId);
    }
    return { batchItemFailures: [] };
  };

async function eventsByTenant(
  { table, log }: Dependencies,
  records: readonly DynamoDBRecord[],
): Promise<ReadonlyMap<string, readonly UnnumberedEvent[]>> {
  const byTenant = new Map<string, UnnumberedEvent[]>();
  const keys = new Map<string, string | null>();
  const keyOf = async (tenant: string, sourceId: string): Promise<string | null> => {
    const known = keys.get(`${tenant}#${sourceId}`);
    if (known !== undefined) return known;
    const key = (await getSource(table, tenant, sourceId))?.key ?? null;
    keys.set(`${tenant}#${sourceId}`, key);
    return key;
  };
  for (const record of records) {
    const made = understood(record, log);
    if (made === null) continue;
    const { tenant, event } = made;
    const sourceKey: HeadgateEvent['sourceKey'] = await keyOf(tenant, event.sourceId);
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), { ...event, sourceKey }]);
  }
  return byTenant;
}

function understood(
  record: DynamoDBRecord,
  log: Dependencies['log'],
): ReturnType<typeof eventOfChange> {
  try {
    return eventOfChange(record);
  } catch (error) {
    log.error('a change was not understood', { code: 'event_record_invalid', error });
    return null;
  }
}

import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { HeadgateEvent } from '../events.ts';
import type { Table } from '../table.ts';
import { eventKey, parseEventItem, readHead } from './eventItem.ts';

/** Events above `after` up to `upTo`, those that are wanted. `lost`: some of them are no longer kept. */
export interface EventPage {
  readonly after: number;
  readonly upTo: number;
  readonly head: number;
  readonly lost: boolean;
  readonly events: readonly HeadgateEvent[];
}

/** Which events a reader may see, and wants. */
export type WantsEvent = (event: HeadgateEvent) => boolean;

/**
 * A page of the tenant's log: at most `limit` events are read, of which those that are not wanted are left out.
 * A position beyond the head, as a client of a log that was made anew has, counts as lost.
 */
export async function readEvents(
  table: Table,
  tenant: string,
  { after, limit, wants = () => true }: { after: number; limit: number; wants?: WantsEvent },
): Promise<EventPage> {
  const head = await readHead(table, tenant);
  if (after === head) return { after, upTo: head, head, lost: false, events: [] };
  if (after > head) return { after, upTo: head, head, lost: true, events: [] };
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': eventKey(tenant, 0).pk,
        ':from': eventKey(tenant, after + 1).sk,
        ':to': eventKey(tenant, head).sk,
      },
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  const events = Items.map(parseEventItem);
  const first = events[0]?.seq;
  if (first !== after + 1) return { after, upTo: head, head, lost: true, events: [] };
  const upTo = events.at(-1)?.seq ?? head;
  return { after, upTo, head, lost: false, events: events.filter(wants) };
}

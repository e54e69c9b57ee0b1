import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadgateEvent, NewEvent } from '../events.ts';
import { type Table, ttlAttribute } from '../table.ts';
import { type TransactItem, transact } from '../transact.ts';
import { eventItemOf, headKey, readHead, readSeen, seenKeepSeconds, seenKey } from './eventItem.ts';

/** A transaction takes 100 items: the head, and two for each event. */
const mostInOne = 45;
const maxTries = 12;

export type UnnumberedEvent = NewEvent & { readonly sourceKey: string | null };

/**
 * Puts a tenant's events into its log, in their order. Answers all of them with their numbers, in the order of the
 * numbers: an event whose id is logged already keeps the number it has, so a change that is delivered again adds
 * nothing and can be told again. The head moves in the same transaction as the events appear, so a reader that sees a
 * number finds every smaller one.
 */
export async function appendEvents(
  table: Table,
  tenant: string,
  events: readonly UnnumberedEvent[],
  now: Date,
): Promise<readonly HeadgateEvent[]> {
  const numbered: HeadgateEvent[] = [];
  for (let from = 0; from < events.length; from += mostInOne)
    numbered.push(...(await appendSome(table, tenant, events.slice(from, from + mostInOne), now)));
  return numbered.toSorted((a, b) => a.seq - b.seq);
}

async function appendSome(
  table: Table,
  tenant: string,
  events: readonly UnnumberedEvent[],
  now: Date,
): Promise<readonly HeadgateEvent[]> {
  let fresh = [...events];
  const known: HeadgateEvent[] = [];
  for (let tries = 1; fresh.length > 0; tries++) {
    const before = await readHead(table, tenant);
    const numbered = fresh.map((event, index) => ({
      ...event,
      seq: before + 1 + index,
    })) as HeadgateEvent[];
    const result = await transact(table, [
      moveHead(table, tenant, before, before + fresh.length),
      ...numbered.flatMap((event) => putEvent(table, tenant, event, now)),
    ]);
    if (result.done) return [...known, ...numbered];
    // Logged by an earlier delivery of the same change, which may have died before it told anybody.
    const still: UnnumberedEvent[] = [];
    for (const event of fresh) {
      const seq = await readSeen(table, tenant, event.id);
      if (seq === null) still.push(event);
      else known.push({ ...event, seq } as HeadgateEvent);
    }
    fresh = still;
    if (tries === maxTries) throw new Error(`the head of ${tenant}'s events kept moving`);
    // Changes of other sources come at the same time, from other shards of the stream.
    await sleep(Math.random() * 20 * tries);
  }
  return known;
}

const moveHead = (table: Table, tenant: string, before: number, after: number): TransactItem => ({
  Update: {
    TableName: table.name,
    Key: headKey(tenant),
    UpdateExpression: 'SET #seq = :after, v = :v',
    ConditionExpression: before === 0 ? 'attribute_not_exists(pk)' : '#seq = :before',
    ExpressionAttributeNames: { '#seq': 'seq' },
    ExpressionAttributeValues: {
      ':after': after,
      ':v': 1,
      ...(before === 0 ? {} : { ':before': before }),
    },
  },
});

const putEvent = (
  table: Table,
  tenant: string,
  event: HeadgateEvent,
  now: Date,
): TransactItem[] => [
  { Put: { TableName: table.name, Item: eventItemOf(tenant, event, now) } },
  {
    Put: {
      TableName: table.name,
      Item: {
        ...seenKey(tenant, event.id),
        v: 1,
        seq: event.seq,
        [ttlAttribute]: Math.floor(now.getTime() / 1000) + seenKeepSeconds,
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  },
];

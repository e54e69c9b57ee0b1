import * as z from 'zod';
import { type HeadgateEvent, headgateEvent } from '../events.ts';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';
import { getItem } from './getItem.ts';

/**
 * The log of a tenant's events has a partition of its own. `HEAD` holds the newest number, `EVENT#<number>` an event,
 * and `SEEN#<id>` says that a change was logged, and under which number: streams deliver changes more than once.
 */
const logKey = (tenant: string): string => `${tenantKey(tenant)}#EVENTS`;

export const headKey = (tenant: string): { pk: string; sk: string } => ({
  pk: logKey(tenant),
  sk: 'HEAD',
});
export const eventKey = (tenant: string, seq: number): { pk: string; sk: string } => ({
  pk: logKey(tenant),
  sk: `EVENT#${String(seq).padStart(15, '0')}`,
});
export const seenKey = (tenant: string, id: string): { pk: string; sk: string } => ({
  pk: logKey(tenant),
  sk: `SEEN#${id}`,
});

export const eventKeepSeconds = 7 * 86_400;
/** DynamoDB Streams keep a change for a day, so after two none is delivered again. */
export const seenKeepSeconds = 2 * 86_400;

const eventItem = z.strictObject({ v: z.literal(1), event: headgateEvent });

export const eventItemOf = (
  tenant: string,
  event: HeadgateEvent,
  now: Date,
): Record<string, unknown> => ({
  ...eventKey(tenant, event.seq),
  v: 1,
  event,
  [ttlAttribute]: Math.floor(now.getTime() / 1000) + eventKeepSeconds,
});

export const parseEventItem = ({
  pk,
  sk,
  [ttlAttribute]: _,
  ...item
}: Record<string, unknown>): HeadgateEvent => eventItem.parse(item).event;

const head = z.object({ seq: z.int().nonnegative() });

/** The number of the tenant's newest event; 0 before the first. */
export async function readHead(table: Table, tenant: string): Promise<number> {
  const item = await getItem(table, headKey(tenant));
  return item === null ? 0 : head.parse(item).seq;
}

/** The number under which a change was logged; null when it was not. */
export async function readSeen(table: Table, tenant: string, id: string): Promise<number | null> {
  const item = await getItem(table, seenKey(tenant, id));
  return item === null ? null : head.parse(item).seq;
}

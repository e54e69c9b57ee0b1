import * as z from 'zod';
import { validationError } from './failures.ts';
import type { ItemStore } from './itemStore.ts';
import { tableOrNotFound } from './tables.ts';

const input = z.strictObject({
  TableName: z.string(),
  TimeToLiveSpecification: z.strictObject({
    Enabled: z.boolean(),
    AttributeName: z.string().min(1).max(255),
  }),
});

/** UpdateTimeToLive; in force at once, where AWS takes up to an hour. */
export function updateTimeToLive(store: ItemStore, raw: unknown): unknown {
  const parsed = input.safeParse(raw);
  if (!parsed.success) throw validationError(z.prettifyError(parsed.error));
  const { TableName, TimeToLiveSpecification: wanted } = parsed.data;
  const table = tableOrNotFound(store, TableName);
  if (wanted.Enabled === (table.ttlAttribute !== undefined))
    throw validationError(`TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`);
  if (!wanted.Enabled && wanted.AttributeName !== table.ttlAttribute)
    throw validationError(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${table.ttlAttribute}`,
    );
  const { ttlAttribute: _old, ...rest } = table;
  const updated = wanted.Enabled ? { ...rest, ttlAttribute: wanted.AttributeName } : rest;
  store.transaction(() => {
    store.refreshExpiry(updated);
    store.saveTable(updated);
  });
  return { TimeToLiveSpecification: wanted };
}

/** DescribeTimeToLive. */
export function describeTimeToLive(store: ItemStore, raw: unknown): unknown {
  const { TableName } = z.object({ TableName: z.string() }).parse(raw);
  const { ttlAttribute } = tableOrNotFound(store, TableName);
  return {
    TimeToLiveDescription:
      ttlAttribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: ttlAttribute },
  };
}

/** Items removed in one transaction, so that a sweep never holds up requests for long. */
const itemsPerSweep = 200;
const fiveYearsSeconds = 5 * 365 * 24 * 3600;

/**
 * Removes items whose time is over, and tells streams that the service did it. An expiry more than five
 * years ago is left alone, as AWS does, because it is most likely not a time in seconds.
 * Answers how many were removed.
 */
export function sweepExpired(store: ItemStore): number {
  const now = Math.floor(store.now / 1000);
  let removed = 0;
  for (const name of store.tableNames()) {
    const table = store.table(name);
    if (table.ttlAttribute === undefined) continue;
    store.transaction(() => {
      for (const item of store.expired(table, now - fiveYearsSeconds, now, itemsPerSweep)) {
        store.write(table, item, undefined, { byTimeToLive: true });
        removed += 1;
      }
    });
  }
  return removed;
}

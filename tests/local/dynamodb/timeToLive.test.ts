import { expect, it } from 'vitest';
import type { StreamRecord } from '../../../local/dynamodb/streamRecord.ts';
import { openTestTable } from './openTestTable.ts';

const TableName = 'main';
const start = Date.parse('2027-01-01T00:00:00Z');

it('removes items whose time is over, and only those', async () => {
  let now = start;
  const { dynamoDb, client } = await openTestTable({ now: () => now });
  const seconds = start / 1000;
  const expiries: Record<string, unknown> = {
    soon: seconds + 60,
    later: seconds + 3600,
    never: undefined,
    asText: String(seconds + 60),
    longAgo: seconds - 6 * 365 * 24 * 3600,
  };
  for (const [sk, expiresAt] of Object.entries(expiries))
    await client.put({
      TableName,
      Item: { pk: 'p', sk, ...(expiresAt === undefined ? {} : { expiresAt }) },
    });
  expect(dynamoDb.sweep()).toBe(0);
  now += 61_000;
  expect(dynamoDb.sweep()).toBe(1);
  const { Items } = await client.scan({ TableName });
  expect(Items?.map(({ sk }) => sk).toSorted()).toEqual(['asText', 'later', 'longAgo', 'never']);
});

it('spares an item whose time was moved on', async () => {
  let now = start;
  const { dynamoDb, client } = await openTestTable({ now: () => now });
  const Item = { pk: 'p', sk: 'a', expiresAt: start / 1000 + 60 };
  await client.put({ TableName, Item });
  await client.put({ TableName, Item: { ...Item, expiresAt: start / 1000 + 600 } });
  now += 120_000;
  expect(dynamoDb.sweep()).toBe(0);
  now += 600_000;
  expect(dynamoDb.sweep()).toBe(1);
});

it('tells the stream that the service removed it', async () => {
  let now = start;
  const { dynamoDb, client } = await openTestTable({ now: () => now });
  const seen: StreamRecord[] = [];
  dynamoDb.onStreamRecords(TableName, async (records) => void seen.push(...records));
  await client.put({ TableName, Item: { pk: 'p', sk: 'a', expiresAt: start / 1000 + 1 } });
  now += 5_000;
  dynamoDb.sweep();
  await dynamoDb.streamsIdle();
  expect(seen.at(-1)).toMatchObject({
    eventName: 'REMOVE',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  });
});

it('sweeps by itself', async () => {
  let now = start;
  const { client } = await openTestTable({ now: () => now, sweepSeconds: 0.02 });
  const Key = { pk: 'p', sk: 'a' };
  await client.put({ TableName, Item: { ...Key, expiresAt: start / 1000 + 1 } });
  now += 5_000;
  await expect.poll(async () => (await client.get({ TableName, Key })).Item).toBeUndefined();
});

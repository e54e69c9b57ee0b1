import { expect, it } from 'vitest';
import type { StreamRecord } from '../../../local/dynamodb/streamRecord.ts';
import { openTestTable } from './openTestTable.ts';

const TableName = 'main';
const shape = ({ eventName, dynamodb }: StreamRecord) => [
  eventName,
  dynamodb.OldImage,
  dynamodb.NewImage,
];

it('tells every change with the images before and after it', async () => {
  const { dynamoDb, client } = await openTestTable();
  const seen: StreamRecord[] = [];
  dynamoDb.onStreamRecords(TableName, async (records) => void seen.push(...records));
  const Key = { pk: 'p', sk: 'a' };
  await client.put({ TableName, Item: { ...Key, n: 1 } });
  await client.put({ TableName, Item: { ...Key, n: 2 } });
  await client.delete({ TableName, Key });
  await dynamoDb.streamsIdle();
  const image = (n: string) => ({ pk: { S: 'p' }, sk: { S: 'a' }, n: { N: n } });
  expect(seen.map(shape)).toEqual([
    ['INSERT', undefined, image('1')],
    ['MODIFY', image('1'), image('2')],
    ['REMOVE', image('2'), undefined],
  ]);
  expect(seen[0]).toMatchObject({
    eventSource: 'aws:dynamodb',
    eventVersion: '1.1',
    eventSourceARN: expect.stringContaining('table/main/stream/'),
    dynamodb: { Keys: { pk: { S: 'p' }, sk: { S: 'a' } }, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  const numbers = seen.map(({ dynamodb }) => dynamodb.SequenceNumber);
  expect(numbers).toEqual(numbers.toSorted());
  expect(new Set(numbers).size).toBe(3);
});

it('tells nothing of writes that change nothing, fail or are rolled back', async () => {
  const { dynamoDb, client } = await openTestTable();
  const seen: StreamRecord[] = [];
  dynamoDb.onStreamRecords(TableName, async (records) => void seen.push(...records));
  const Item = { pk: 'p', sk: 'a', tags: new Set(['x', 'y']) };
  await client.put({ TableName, Item });
  await client.put({ TableName, Item: { ...Item, tags: new Set(['y', 'x']) } });
  await client.delete({ TableName, Key: { pk: 'p', sk: 'none' } });
  await client
    .put({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' })
    .catch(() => undefined);
  await client
    .transactWrite({
      TransactItems: [
        { Put: { TableName, Item: { pk: 'p', sk: 'b' } } },
        { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } },
      ],
    })
    .catch(() => undefined);
  await dynamoDb.streamsIdle();
  expect(seen.map(({ eventName }) => eventName)).toEqual(['INSERT']);
});

it('delivers the changes of an item in order while batches fail now and then', async () => {
  const { dynamoDb, client } = await openTestTable();
  const seen: number[] = [];
  let call = 0;
  dynamoDb.onStreamRecords(
    TableName,
    async (records) => {
      call += 1;
      if (call % 3 === 1) throw new Error('not this time');
      seen.push(
        ...records.map(({ dynamodb }) => Number(Object.values(dynamodb.NewImage?.['n'] ?? {})[0])),
      );
    },
    { batchSize: 4, retryMilliseconds: 1 },
  );
  for (let n = 0; n < 40; n++) await client.put({ TableName, Item: { pk: 'p', sk: 'a', n } });
  await dynamoDb.streamsIdle();
  expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
});

it('tries again from the lowest record that failed', async () => {
  const { dynamoDb, client } = await openTestTable();
  const batches: string[][] = [];
  for (const sk of ['a', 'b', 'c']) await client.put({ TableName, Item: { pk: 'p', sk } });
  dynamoDb.onStreamRecords(
    TableName,
    async (records) => {
      batches.push(
        records.map(({ dynamodb }) => String(Object.values(dynamodb.Keys['sk'] ?? {})[0])),
      );
      const failed = batches.length === 1 ? records[1] : undefined;
      return failed && { batchItemFailures: [{ itemIdentifier: failed.dynamodb.SequenceNumber }] };
    },
    { retryMilliseconds: 1 },
  );
  await dynamoDb.streamsIdle();
  expect(batches).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ]);
});

it('discards what failed too often, tells so, and goes on', async () => {
  const { dynamoDb, client } = await openTestTable();
  const discarded: string[] = [];
  const accepted: string[] = [];
  const keyOf = ({ dynamodb }: StreamRecord) => String(Object.values(dynamodb.Keys['sk'] ?? {})[0]);
  for (const sk of ['a', 'poison', 'c']) await client.put({ TableName, Item: { pk: 'p', sk } });
  let attempts = 0;
  dynamoDb.onStreamRecords(
    TableName,
    async (records) => {
      if (records.some((record) => keyOf(record) === 'poison')) {
        attempts += 1;
        throw new Error('poisoned');
      }
      accepted.push(...records.map(keyOf));
    },
    {
      maximumRetryAttempts: 2,
      bisectBatchOnFunctionError: true,
      retryMilliseconds: 1,
      onDiscarded: async (records) => void discarded.push(...records.map(keyOf)),
    },
  );
  await dynamoDb.streamsIdle();
  expect(accepted).toEqual(['a', 'c']);
  expect(discarded).toEqual(['poison']);
  // The whole, its half, then the record alone three times.
  expect(attempts).toBe(5);
});

it('gives each consumer its own place, and delivers only what its filter lets through', async () => {
  const { dynamoDb, client } = await openTestTable();
  const [all, locks]: [string[], string[]] = [[], []];
  const keyOf = ({ dynamodb }: StreamRecord) => String(Object.values(dynamodb.Keys['sk'] ?? {})[0]);
  const into = (list: string[]) => async (records: readonly StreamRecord[]) =>
    void list.push(...records.map(keyOf));
  dynamoDb.onStreamRecords(TableName, into(all), { consumer: 'all' });
  dynamoDb.onStreamRecords(TableName, into(locks), {
    consumer: 'locks',
    filter: (record) => keyOf(record) === 'LOCK',
  });
  for (const sk of ['LOCK', 'SOURCE', 'LOCK2'])
    await client.put({ TableName, Item: { pk: 'p', sk } });
  await dynamoDb.streamsIdle();
  expect(all).toEqual(['LOCK', 'SOURCE', 'LOCK2']);
  expect(locks).toEqual(['LOCK']);
});

it('delivers after a restart what was not accepted before it, and nothing twice that was', async () => {
  const first = await openTestTable();
  const seen: string[] = [];
  const keyOf = ({ dynamodb }: StreamRecord) => String(Object.values(dynamodb.Keys['sk'] ?? {})[0]);
  first.dynamoDb.onStreamRecords(TableName, async (records) => {
    if (records.some((record) => keyOf(record) === 'b')) throw new Error('later');
    seen.push(...records.map(keyOf));
  });
  await first.client.put({ TableName, Item: { pk: 'p', sk: 'a' } });
  await first.dynamoDb.streamsIdle();
  await first.client.put({ TableName, Item: { pk: 'p', sk: 'b' } });
  await first.close();
  expect(seen).toEqual(['a']);
  const second = await openTestTable({ folder: first.folder });
  second.dynamoDb.onStreamRecords(
    TableName,
    async (records) => void seen.push(...records.map(keyOf)),
  );
  await second.dynamoDb.streamsIdle();
  expect(seen).toEqual(['a', 'b']);
});

it('keeps what it would discard while nobody can be told', async () => {
  const { dynamoDb, client } = await openTestTable();
  let told = 0;
  await client.put({ TableName, Item: { pk: 'p', sk: 'poison' } });
  dynamoDb.onStreamRecords(
    TableName,
    async () => {
      throw new Error('poisoned');
    },
    {
      maximumRetryAttempts: 0,
      retryMilliseconds: 1,
      onDiscarded: async () => {
        told += 1;
        if (told < 3) throw new Error('the queue is away');
      },
    },
  );
  await dynamoDb.streamsIdle();
  expect(told).toBe(3);
});

it('hands out no more in a batch than a function can be invoked with', async () => {
  const { dynamoDb, client } = await openTestTable();
  const text = 'x'.repeat(390_000);
  for (let n = 0; n < 30; n++)
    await client.put({ TableName, Item: { pk: 'p', sk: `s${n}`, text } });
  const sizes: number[] = [];
  dynamoDb.onStreamRecords(TableName, async (records) => {
    sizes.push(JSON.stringify(records).length);
    return undefined;
  });
  await dynamoDb.streamsIdle();
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024);
});

it('closes while a consumer does not answer', async () => {
  const { dynamoDb, client, close } = await openTestTable();
  dynamoDb.onStreamRecords(TableName, () => new Promise(() => undefined));
  await client.put({ TableName, Item: { pk: 'p', sk: 'a' } });
  await expect(close()).resolves.toBeUndefined();
});

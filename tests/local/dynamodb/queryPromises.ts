import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import type { DynamoDbUnderTest } from './underTest.ts';

export function queryPromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table: TableName, partition } = under;
  type Query = Parameters<ReturnType<typeof client>['query']>[0];

  const put = async (pk: string, items: readonly Record<string, unknown>[]): Promise<void> => {
    for (const item of items) await client().put({ TableName, Item: { pk, ...item } });
  };
  const sortKeys = async (
    pk: string,
    condition: string,
    values: Record<string, unknown> = {},
    more: Partial<Query> = {},
  ): Promise<unknown[]> => {
    const { Items } = await client().query({
      TableName,
      KeyConditionExpression: `pk = :pk${condition === '' ? '' : ` AND ${condition}`}`,
      ExpressionAttributeValues: { ':pk': pk, ...values },
      ...more,
    });
    return (Items ?? []).map(({ sk }) => sk);
  };

  promise('selects by every operator of the sort key', async () => {
    const pk = partition();
    await put(
      pk,
      ['A', 'B', 'B1', 'B#', 'C', 'b'].map((sk) => ({ sk })),
    );
    expect(await sortKeys(pk, '')).toEqual(['A', 'B', 'B#', 'B1', 'C', 'b']);
    expect(await sortKeys(pk, 'sk = :v', { ':v': 'B' })).toEqual(['B']);
    expect(await sortKeys(pk, 'sk < :v', { ':v': 'B' })).toEqual(['A']);
    expect(await sortKeys(pk, 'sk <= :v', { ':v': 'B' })).toEqual(['A', 'B']);
    expect(await sortKeys(pk, 'sk > :v', { ':v': 'B' })).toEqual(['B#', 'B1', 'C', 'b']);
    expect(await sortKeys(pk, 'sk >= :v', { ':v': 'C' })).toEqual(['C', 'b']);
    expect(await sortKeys(pk, 'begins_with(sk, :v)', { ':v': 'B' })).toEqual(['B', 'B#', 'B1']);
    expect(await sortKeys(pk, 'sk BETWEEN :a AND :b', { ':a': 'B', ':b': 'B1' })).toEqual([
      'B',
      'B#',
      'B1',
    ]);
  });

  promise('sorts texts by their UTF-8 bytes', async () => {
    const pk = partition();
    await put(
      pk,
      ['z', 'é', '\uffee', '🎈', 'Z', '~'].map((sk) => ({ sk })),
    );
    expect(await sortKeys(pk, '')).toEqual(['Z', 'z', '~', 'é', '\uffee', '🎈']);
  });

  promise('sorts numbers by value', async () => {
    const numpk = partition();
    const numbers = [10, -1.5, 0, 9, -1.55, 100, 0.001, -1000, 1e15, -1e-10];
    await put(
      numpk,
      numbers.map((numsk, at) => ({ sk: `s${at}`, numpk, numsk })),
    );
    const { Items } = await client().query({
      TableName,
      IndexName: 'num',
      KeyConditionExpression: 'numpk = :p',
      ExpressionAttributeValues: { ':p': numpk },
    });
    expect(Items?.map(({ numsk }) => numsk)).toEqual(numbers.toSorted((a, b) => a - b));
    const between = await client().query({
      TableName,
      IndexName: 'num',
      KeyConditionExpression: 'numpk = :p AND numsk BETWEEN :a AND :b',
      ExpressionAttributeValues: { ':p': numpk, ':a': -1.5, ':b': 9 },
    });
    expect(between.Items?.map(({ numsk }) => numsk)).toEqual([-1.5, -1e-10, 0, 0.001, 9]);
  });

  promise('reads backwards, in pages, each item once', async () => {
    const pk = partition();
    await put(
      pk,
      Array.from({ length: 7 }, (_, n) => ({ sk: `s${n}` })),
    );
    for (const forward of [true, false]) {
      const seen: unknown[] = [];
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const page = await client().query({
          TableName,
          KeyConditionExpression: 'pk = :pk AND sk > :first',
          ExpressionAttributeValues: { ':pk': pk, ':first': 's0' },
          ScanIndexForward: forward,
          Limit: 2,
          ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
        });
        expect(page.Items?.length).toBeLessThanOrEqual(2);
        seen.push(...(page.Items ?? []).map(({ sk }) => sk));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      const all = ['s1', 's2', 's3', 's4', 's5', 's6'];
      expect(seen).toEqual(forward ? all : all.toReversed());
    }
  });

  promise('counts the limit before the filter', async () => {
    const pk = partition();
    await put(
      pk,
      [1, 2, 3, 4].map((n) => ({ sk: `s${n}`, n })),
    );
    const page = await client().query({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      FilterExpression: 'n > :two',
      ExpressionAttributeValues: { ':pk': pk, ':two': 2 },
      Limit: 3,
    });
    expect(page).toMatchObject({
      Count: 1,
      ScannedCount: 3,
      LastEvaluatedKey: { pk, sk: 's3' },
      Items: [{ n: 3 }],
    });
  });

  promise('ends a page at about one megabyte', async () => {
    const pk = partition();
    const text = 'x'.repeat(300_000);
    await put(
      pk,
      Array.from({ length: 5 }, (_, n) => ({ sk: `s${n}`, text })),
    );
    const sizes: number[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client().query({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      });
      sizes.push(page.Count ?? 0);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(5);
    expect(sizes[0]).toBeLessThanOrEqual(4);
  });

  promise('counts without items when asked', async () => {
    const pk = partition();
    await put(pk, [{ sk: 'a' }, { sk: 'b' }]);
    const answer = await client().query({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      Select: 'COUNT',
    });
    expect(answer).toMatchObject({ Count: 2, ScannedCount: 2 });
    expect(answer.Items).toBeUndefined();
  });

  promise('keeps in a sparse index only items that have its keys', async () => {
    const pk = partition();
    await put(pk, [
      { sk: 'both', gsi2pk: pk, gsi2sk: '1', more: 'x' },
      { sk: 'half', gsi2pk: pk },
      { sk: 'none' },
    ]);
    const inIndex = async (): Promise<unknown> =>
      (
        await client().query({
          TableName,
          IndexName: 'gsi2',
          KeyConditionExpression: 'gsi2pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
        })
      ).Items;
    // Keys only: the table's keys and the index's.
    expect(await inIndex()).toEqual([{ pk, sk: 'both', gsi2pk: pk, gsi2sk: '1' }]);
    await client().update({
      TableName,
      Key: { pk, sk: 'half' },
      UpdateExpression: 'SET gsi2sk = :zero',
      ExpressionAttributeValues: { ':zero': '0' },
    });
    await client().update({
      TableName,
      Key: { pk, sk: 'both' },
      UpdateExpression: 'REMOVE gsi2pk',
    });
    expect(await inIndex()).toEqual([{ pk, sk: 'half', gsi2pk: pk, gsi2sk: '0' }]);
    await client().delete({ TableName, Key: { pk, sk: 'half' } });
    expect(await inIndex()).toEqual([]);
  });

  promise('moves an item within an index when its index key changes', async () => {
    const pk = partition();
    const Key = { pk, sk: 'a' };
    for (const gsi1sk of ['1', '2', '3'])
      await client().put({ TableName, Item: { ...Key, gsi1pk: pk, gsi1sk, at: gsi1sk } });
    const { Items } = await client().query({
      TableName,
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    });
    expect(Items).toEqual([{ ...Key, gsi1pk: pk, gsi1sk: '3', at: '3' }]);
  });

  promise('keeps items of equal index key apart, and pages through them', async () => {
    const pk = partition();
    await put(
      pk,
      Array.from({ length: 9 }, (_, n) => ({ sk: `s${n}`, gsi1pk: pk, gsi1sk: 'same' })),
    );
    const seen: unknown[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client().query({
        TableName,
        IndexName: 'gsi1',
        KeyConditionExpression: 'gsi1pk = :pk AND gsi1sk = :same',
        ExpressionAttributeValues: { ':pk': pk, ':same': 'same' },
        Limit: 4,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      });
      seen.push(...(page.Items ?? []).map(({ sk }) => sk));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    expect(seen.toSorted()).toEqual(Array.from({ length: 9 }, (_, n) => `s${n}`));
  });

  promise('refuses consistent reads and unprojected attributes of a global index', async () => {
    const query = {
      TableName,
      IndexName: 'gsi2',
      KeyConditionExpression: 'gsi2pk = :pk',
      ExpressionAttributeValues: { ':pk': 'x' },
    };
    const consistent = await failureOf(client().query({ ...query, ConsistentRead: true }));
    expect(consistent.name).toBe('ValidationException');
    for (const more of [{ Select: 'ALL_ATTRIBUTES' as const }, { ProjectionExpression: 'other' }])
      expect((await failureOf(client().query({ ...query, ...more }))).name).toBe(
        'ValidationException',
      );
  });

  promise('refuses a query without equality on the partition key', async () => {
    for (const KeyConditionExpression of [
      'pk > :v',
      'sk = :v',
      'pk = :v AND other = :v',
      'pk <> :v',
    ])
      expect(
        (
          await failureOf(
            client().query({
              TableName,
              KeyConditionExpression,
              ExpressionAttributeValues: { ':v': 'x' },
            }),
          )
        ).name,
      ).toBe('ValidationException');
  });

  promise('refuses a filter on the key', async () => {
    const error = await failureOf(
      client().query({
        TableName,
        KeyConditionExpression: 'pk = :v',
        FilterExpression: 'sk = :v',
        ExpressionAttributeValues: { ':v': 'x' },
      }),
    );
    expect(error).toMatchObject({
      name: 'ValidationException',
      message:
        'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
    });
  });

  promise('refuses a start key from another partition', async () => {
    const error = await failureOf(
      client().query({
        TableName,
        KeyConditionExpression: 'pk = :v',
        ExpressionAttributeValues: { ':v': 'x' },
        ExclusiveStartKey: { pk: 'y', sk: 'z' },
      }),
    );
    expect(error.name).toBe('ValidationException');
  });

  promise('scans every item once, in pages and in segments', async () => {
    const marker = partition();
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        client().put({ TableName, Item: { pk: `${marker}-${n}`, sk: 'scan', marker } }),
      ),
    );
    const scanAll = async (segment: object): Promise<unknown[]> => {
      const seen: unknown[] = [];
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const page = await client().scan({
          TableName,
          FilterExpression: 'marker = :m',
          ExpressionAttributeValues: { ':m': marker },
          Limit: 50,
          ...segment,
          ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
        });
        seen.push(...(page.Items ?? []).map(({ pk }) => pk));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return seen;
    };
    const expected = Array.from({ length: 40 }, (_, n) => `${marker}-${n}`).toSorted();
    expect((await scanAll({})).toSorted()).toEqual(expected);
    const segments = await Promise.all(
      [0, 1, 2].map((Segment) => scanAll({ Segment, TotalSegments: 3 })),
    );
    expect(segments.flat().toSorted()).toEqual(expected);
  });

  promise('scans an index', async () => {
    const pk = partition();
    await put(pk, [{ sk: 'in', gsi2pk: pk, gsi2sk: '1' }, { sk: 'out' }]);
    const { Items } = await client().scan({
      TableName,
      IndexName: 'gsi2',
      FilterExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    });
    expect(Items).toEqual([{ pk, sk: 'in', gsi2pk: pk, gsi2sk: '1' }]);
  });
}

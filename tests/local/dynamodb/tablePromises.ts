import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { type Promise_, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { conformanceTable, type DynamoDbUnderTest } from './underTest.ts';

export function tablePromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table } = under;
  const simple = (TableName: string) => ({
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  });

  promise('describes a table as it was created', async () => {
    const { Table } = await client().send(new DescribeTableCommand({ TableName: table }));
    expect(Table).toMatchObject({
      TableName: table,
      TableStatus: 'ACTIVE',
      KeySchema: conformanceTable(table).KeySchema,
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
    expect(Table?.TableArn).toMatch(new RegExp(`^arn:aws:dynamodb:.*:table/${table}$`));
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).toSorted()).toEqual([
      'gsi1',
      'gsi2',
      'num',
    ]);
  });

  promise('refuses to create a table twice', async () => {
    const error = await failureOf(client().send(new CreateTableCommand(conformanceTable(table))));
    expect(error.name).toBe('ResourceInUseException');
  });

  promise('lists tables in pages', async () => {
    const names: string[] = [];
    let ExclusiveStartTableName: string | undefined;
    do {
      const page = await client().send(
        new ListTablesCommand({
          Limit: 1,
          ...(ExclusiveStartTableName === undefined ? {} : { ExclusiveStartTableName }),
        }),
      );
      names.push(...(page.TableNames ?? []));
      ExclusiveStartTableName = page.LastEvaluatedTableName;
    } while (ExclusiveStartTableName !== undefined);
    expect(names.filter((name) => name === table)).toEqual([table]);
  });

  promise('deletes a table with everything in it', async () => {
    const TableName = uniqueName('deleted');
    await client().send(new CreateTableCommand(simple(TableName)));
    await client().put({ TableName, Item: { pk: 'a' } });
    await client().send(new DeleteTableCommand({ TableName }));
    const error = await failureOf(client().send(new DescribeTableCommand({ TableName })));
    expect(error.name).toBe('ResourceNotFoundException');
    await client().send(new CreateTableCommand(simple(TableName)));
    expect((await client().get({ TableName, Key: { pk: 'a' } })).Item).toBeUndefined();
  });

  promise('protects a table from deletion', async () => {
    const TableName = uniqueName('protected');
    await client().send(
      new CreateTableCommand({ ...simple(TableName), DeletionProtectionEnabled: true }),
    );
    const error = await failureOf(client().send(new DeleteTableCommand({ TableName })));
    expect(error.name).toBe('ValidationException');
    await client().send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    await client().send(new DeleteTableCommand({ TableName }));
  });

  promise('fills an index that is added later, and forgets one that is removed', async () => {
    const TableName = uniqueName('indexed');
    await client().send(new CreateTableCommand(simple(TableName)));
    await client().put({ TableName, Item: { pk: 'a', by: 'x' } });
    await client().put({ TableName, Item: { pk: 'b' } });
    await client().send(
      new UpdateTableCommand({
        TableName,
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'by', AttributeType: 'S' },
        ],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: 'later',
              KeySchema: [{ AttributeName: 'by', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          },
        ],
      }),
    );
    const query = () =>
      client().query({
        TableName,
        IndexName: 'later',
        KeyConditionExpression: '#by = :x',
        ExpressionAttributeNames: { '#by': 'by' },
        ExpressionAttributeValues: { ':x': 'x' },
      });
    await expect
      .poll(async () => (await query().catch(() => undefined))?.Items, { timeout: 20_000 })
      .toEqual([{ pk: 'a', by: 'x' }]);
    await expect
      .poll(
        async () => {
          const { Table } = await client().send(new DescribeTableCommand({ TableName }));
          return Table?.GlobalSecondaryIndexes?.[0]?.IndexStatus;
        },
        { timeout: 20_000 },
      )
      .toBe('ACTIVE');
    await client().send(
      new UpdateTableCommand({
        TableName,
        GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'later' } }],
      }),
    );
    await expect
      .poll(async () => (await query().catch((error: Error) => error)) instanceof Error, {
        timeout: 20_000,
      })
      .toBe(true);
  });

  promise('remembers which attribute expires items', async () => {
    const TableName = uniqueName('expiring');
    await client().send(new CreateTableCommand(simple(TableName)));
    const set = (Enabled: boolean) =>
      client().send(
        new UpdateTimeToLiveCommand({
          TableName,
          TimeToLiveSpecification: { Enabled, AttributeName: 'expiresAt' },
        }),
      );
    await set(true);
    const { TimeToLiveDescription } = await client().send(
      new DescribeTimeToLiveCommand({ TableName }),
    );
    expect(TimeToLiveDescription).toMatchObject({
      TimeToLiveStatus: 'ENABLED',
      AttributeName: 'expiresAt',
    });
    expect((await failureOf(set(true))).name).toBe('ValidationException');
  });

  promise('turns a stream on and tells its ARN', async () => {
    const TableName = uniqueName('streaming');
    await client().send(
      new CreateTableCommand({
        ...simple(TableName),
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    const { Table } = await client().send(new DescribeTableCommand({ TableName }));
    expect(Table?.StreamSpecification).toEqual({
      StreamEnabled: true,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    expect(Table?.LatestStreamArn).toContain(`table/${TableName}/stream/`);
  });

  promise('tags and untags a table', async () => {
    const TableName = uniqueName('tagged');
    const { TableDescription } = await client().send(new CreateTableCommand(simple(TableName)));
    const ResourceArn = TableDescription?.TableArn ?? '';
    await client().send(
      new TagResourceCommand({
        ResourceArn,
        Tags: [
          { Key: 'stage', Value: 'dev' },
          { Key: 'gone', Value: '1' },
        ],
      }),
    );
    await client().send(new UntagResourceCommand({ ResourceArn, TagKeys: ['gone'] }));
    const { Tags } = await client().send(new ListTagsOfResourceCommand({ ResourceArn }));
    expect(Tags).toEqual([{ Key: 'stage', Value: 'dev' }]);
  });
}

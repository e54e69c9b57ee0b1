import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Table, tenantKey, ttlAttribute } from '../table.ts';

const firingKey = (tenant: string, firing: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `FIRING#${firing}`,
});

const rememberedSeconds = 86_400;

/** One item per served firing of a schedule; DynamoDB removes it after a day. */
export const firingsIn = (table: Table, now: () => Date) => ({
  async seen(tenant: string, firing: string): Promise<boolean> {
    const { Item } = await table.client.send(
      new GetCommand({
        TableName: table.name,
        Key: firingKey(tenant, firing),
        ConsistentRead: true,
      }),
    );
    return Item !== undefined;
  },
  async remember(tenant: string, firing: string): Promise<void> {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: {
          ...firingKey(tenant, firing),
          v: 1,
          [ttlAttribute]: Math.floor(now().getTime() / 1000) + rememberedSeconds,
        },
      }),
    );
  },
});

import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument, type TranslateConfig } from '@aws-sdk/lib-dynamodb';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { localClientConfig } from '../hostServices.ts';
import { conditionPromises } from './conditionPromises.ts';
import { queryPromises } from './queryPromises.ts';
import { tablePromises } from './tablePromises.ts';
import { transactionPromises } from './transactionPromises.ts';
import { conformanceTable, type DynamoDbUnderTest } from './underTest.ts';
import { updatePromises } from './updatePromises.ts';
import { writePromises } from './writePromises.ts';

const translate: TranslateConfig = { marshallOptions: { removeUndefinedValues: true } };

/** The DynamoDB Headgate relies on. The same promises hold for any endpoint. */
export function describeDynamoDb(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  const table = uniqueName('conformance');
  let client: DynamoDBDocument;
  let partitions = 0;
  const open = async (): Promise<Engine> => {
    const engine = await connect();
    client = DynamoDBDocument.from(
      new DynamoDBClient({ ...localClientConfig, endpoint: engine.endpoint, maxAttempts: 1 }),
      translate,
    );
    await client.send(new CreateTableCommand(conformanceTable(table)));
    for (;;) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
      if (Table?.TableStatus === 'ACTIVE') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return engine;
  };
  const under: DynamoDbUnderTest = {
    client: () => client,
    table,
    partition: () => `p${++partitions}`,
  };
  describeConformance(name, open, differs, (promise) => {
    writePromises(promise, under);
    updatePromises(promise, under);
    conditionPromises(promise, under);
    queryPromises(promise, under);
    transactionPromises(promise, under);
    tablePromises(promise, under);
  });
}

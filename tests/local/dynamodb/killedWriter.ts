/** Child process of kill.test.ts: serves an embedded DynamoDB until it is killed. */
import { openDynamoDb } from '../../../local/dynamodb/openDynamoDb.ts';
import { hostServices } from '../hostServices.ts';
import { tableSpecification } from './tableSpecification.ts';

const [folder = ''] = process.argv.slice(2);
const dynamoDb = openDynamoDb({ folder, recordWritesOf: () => true });
dynamoDb.createTable({
  ...tableSpecification,
  AttributeDefinitions: ['pk', 'sk', 'gsi'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'gsi',
      KeySchema: [{ AttributeName: 'gsi', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
});
const { endpoint } = await hostServices(dynamoDb);
process.stdout.write(`${endpoint}\n`);

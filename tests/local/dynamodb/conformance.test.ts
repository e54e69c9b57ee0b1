import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDynamoDb } from '../../../local/dynamodb/openDynamoDb.ts';
import { hostServices } from '../hostServices.ts';
import { describeDynamoDb } from './conformance.ts';

describeDynamoDb('the embedded DynamoDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-dynamodb-'));
  const host = await hostServices(openDynamoDb({ folder }));
  return {
    endpoint: host.endpoint,
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true });
    },
  };
});

import { connect } from 'node:net';
import { DescribeTableCommand, DynamoDBClient, ListBackupsCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';
import { openTestTable } from './openTestTable.ts';
import { tableSpecification } from './tableSpecification.ts';

const TableName = 'main';

it('records every write of the items it is asked to, in order, with their request', async () => {
  const { dynamoDb, client } = await openTestTable({ recordWritesOf: (sk) => sk === 'LOCK' });
  const Key = { pk: 'p', sk: 'LOCK' };
  await client.put({ TableName, Item: { ...Key, token: 1 } });
  await client.put({ TableName, Item: { pk: 'p', sk: 'SOURCE' } });
  await client.transactWrite({
    TransactItems: [
      { Put: { TableName, Item: { ...Key, token: 2 } } },
      { Put: { TableName, Item: { pk: 'q', sk: 'LOCK', token: 9 } } },
    ],
  });
  await client
    .put({ TableName, Item: Key, ConditionExpression: 'attribute_not_exists(pk)' })
    .catch(() => undefined);
  await client.delete({ TableName, Key });
  const writes = [...dynamoDb.writesOf('LOCK')];
  expect(writes.map(({ before, after }) => [before?.['token'], after?.['token']])).toEqual([
    [undefined, { N: '1' }],
    [{ N: '1' }, { N: '2' }],
    [undefined, { N: '9' }],
    [{ N: '2' }, undefined],
  ]);
  const [first, second, third, fourth] = writes.map(({ request }) => request);
  expect(second).toBe(third);
  expect(new Set([first, second, fourth]).size).toBe(3);
  const sequences = writes.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
});

it('keeps recorded writes, and their order, across a restart', async () => {
  const recordWritesOf = (sk: string) => sk === 'LOCK';
  const first = await openTestTable({ recordWritesOf });
  await first.client.put({ TableName, Item: { pk: 'p', sk: 'LOCK', token: 1 } });
  await first.close();
  const { dynamoDb, client } = await openTestTable({ recordWritesOf, folder: first.folder });
  await client.put({ TableName, Item: { pk: 'p', sk: 'LOCK', token: 2 } });
  const writes = [...dynamoDb.writesOf('LOCK')];
  expect(writes.map(({ after }) => after?.['token'])).toEqual([{ N: '1' }, { N: '2' }]);
  expect(writes[1]!.request).toBeGreaterThan(writes[0]!.request);
});

it('makes an existing table what the template says now, and keeps its items', async () => {
  const { dynamoDb, client } = await openTestTable();
  await client.put({ TableName, Item: { pk: 'p', sk: 'a', by: 'x' } });
  dynamoDb.createTable({
    ...tableSpecification,
    AttributeDefinitions: [
      ...tableSpecification.AttributeDefinitions,
      { AttributeName: 'by', AttributeType: 'S' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byIndex',
        KeySchema: [{ AttributeName: 'by', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    timeToLiveAttribute: 'other',
  });
  const query = {
    TableName,
    IndexName: 'byIndex',
    KeyConditionExpression: '#by = :x',
    ExpressionAttributeNames: { '#by': 'by' },
    ExpressionAttributeValues: { ':x': 'x' },
  };
  expect((await client.query(query)).Items).toEqual([{ pk: 'p', sk: 'a', by: 'x' }]);
  const streamOf = async () =>
    (await client.send(new DescribeTableCommand({ TableName }))).Table?.LatestStreamArn;
  const before = await streamOf();
  dynamoDb.createTable(tableSpecification);
  expect(await streamOf()).toBe(before);
  expect((await failureOf(client.query(query))).name).toBe('ValidationException');
  expect((await client.get({ TableName, Key: { pk: 'p', sk: 'a' } })).Item).toBeDefined();
});

it('refuses to turn a table into one of another key', async () => {
  const { dynamoDb } = await openTestTable();
  expect(() =>
    dynamoDb.createTable({
      ...tableSpecification,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    }),
  ).toThrow(/exists with another key/);
});

it('names the operation it does not have', async () => {
  const { client } = await openTestTable();
  const error = await failureOf(client.send(new ListBackupsCommand({})));
  expect(error).toMatchObject({
    name: 'UnknownOperationException',
    message: 'The embedded dynamodb has no operation ListBackups',
  });
});

it('refuses parameters it would have to ignore', async () => {
  const { client } = await openTestTable();
  const error = await failureOf(
    client.get({ TableName, Key: { pk: 'p', sk: 'a' }, AttributesToGet: ['pk'] }),
  );
  expect(error.message).toBe('The embedded DynamoDB does not support AttributesToGet of GetItem');
});

it('lets in the endpoint’s own access key only', async () => {
  const { endpoint } = await openTestTable();
  const stranger = new DynamoDBClient({
    ...localClientConfig,
    endpoint,
    credentials: { accessKeyId: 'someone', secretAccessKey: 'else' },
  });
  const error = await failureOf(stranger.send(new DescribeTableCommand({ TableName })));
  expect(error.name).toBe('UnrecognizedClientException');
  const unsigned = await fetch(endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
    body: '{}',
  });
  expect(unsigned.status).toBe(403);
});

it('survives a client that leaves in the middle of its request, and writes nothing for it', async () => {
  const { client, endpoint } = await openTestTable();
  const { hostname, port } = new URL(endpoint);
  const body = JSON.stringify({ TableName, Item: { pk: { S: 'p' }, sk: { S: 'half' } } });
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST / HTTP/1.1\r\nhost: x\r\nauthorization: AWS4-HMAC-SHA256 Credential=headgate/20270101/us-east-1/dynamodb/aws4_request\r\nx-amz-target: DynamoDB_20120810.PutItem\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await client.scan({ TableName })).Items).toEqual([]);
});

it('answers requests that are no JSON, too large, or nested without end', async () => {
  const { client, endpoint } = await openTestTable();
  const post = async (body: string): Promise<number> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        authorization:
          'AWS4-HMAC-SHA256 Credential=headgate/20270101/us-east-1/dynamodb/aws4_request',
      },
      body,
    }).catch(() => ({ status: 413 }));
    return response.status;
  };
  expect(await post('{')).toBe(400);
  expect(await post('[]')).toBe(400);
  expect(await post(`"${'x'.repeat(17 * 1024 * 1024)}"`)).toBe(413);
  const deep = `{"TableName":"main","Item":{"pk":${'{"L":['.repeat(100_000)}${']}'.repeat(100_000)}}}`;
  expect(await post(deep)).toBeGreaterThanOrEqual(400);
  expect((await client.scan({ TableName })).Count).toBe(0);
});

it('keeps an attribute called __proto__, or says that it cannot', async () => {
  const { client, endpoint } = await openTestTable();
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': 'DynamoDB_20120810.PutItem',
      authorization:
        'AWS4-HMAC-SHA256 Credential=headgate/20270101/us-east-1/dynamodb/aws4_request',
    },
    body: '{"TableName":"main","Item":{"pk":{"S":"p"},"sk":{"S":"a"},"m":{"M":{"__proto__":{"S":"x"}}}}}',
  });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('__proto__');
  expect((await client.scan({ TableName })).Count).toBe(0);
});

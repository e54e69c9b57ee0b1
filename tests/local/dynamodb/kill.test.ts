import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import { openDynamoDb } from '../../../local/dynamodb/openDynamoDb.ts';
import type { StreamRecord } from '../../../local/dynamodb/streamRecord.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const TableName = 'main';
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
/** A small generator, so that a failing run can be repeated: mulberry32. */
let state = seed;
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(state ^ (state >>> 15), 1 | state);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
};

async function startChild(folder: string): Promise<{ child: ChildProcess; endpoint: string }> {
  const script = new URL('./killedWriter.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.includes('\n')) break;
  }
  return { child, endpoint: text.trim() };
}

const clientOf = (endpoint: string): DynamoDBDocument =>
  DynamoDBDocument.from(new DynamoDBClient({ ...localClientConfig, endpoint, maxAttempts: 1 }));

/** Counts up one item, moving it within the index, until the server is gone; answers the last count acknowledged. */
async function countUp(client: DynamoDBDocument, pk: string, from: number): Promise<number> {
  let acknowledged = from;
  try {
    for (;;) {
      const next = acknowledged + 1;
      await client.transactWrite({
        TransactItems: [
          { Put: { TableName, Item: { pk, sk: 'counter', n: next, gsi: `${pk}-${next}` } } },
          { Put: { TableName, Item: { pk, sk: `commit#${next}`, n: next } } },
        ],
      });
      acknowledged = next;
    }
  } catch {
    return acknowledged;
  }
}

it('keeps everything it acknowledged when it is killed, and nothing by halves', async () => {
  console.log(`seed ${seed}`);
  const folder = temporaryFolder();
  const partitions = ['a', 'b', 'c', 'd'];
  let acknowledged = partitions.map(() => 0);
  /** Everything the stream delivered so far, over all rounds. */
  const records: StreamRecord[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, endpoint } = await startChild(folder);
    const client = clientOf(endpoint);
    setTimeout(() => child.kill('SIGKILL'), 150 + random() * 400);
    const before = acknowledged;
    acknowledged = await Promise.all(
      partitions.map((pk, at) => countUp(client, pk, acknowledged[at] ?? 0)),
    );
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    expect(acknowledged.some((count, at) => count > (before[at] ?? 0))).toBe(true);

    const dynamoDb = openDynamoDb({ folder });
    const host = await hostServices(dynamoDb);
    const reader = clientOf(host.endpoint);
    dynamoDb.onStreamRecords(TableName, async (batch) => void records.push(...batch));
    await dynamoDb.streamsIdle();
    for (const [at, pk] of partitions.entries()) {
      const { Item } = await reader.get({ TableName, Key: { pk, sk: 'counter' } });
      const stored = Number(Item?.['n'] ?? 0);
      // At most the one write that was under way when the process died is there besides.
      expect([stored, stored - 1]).toContain(acknowledged[at]);
      const commits = await reader.query({
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :c)',
        ExpressionAttributeValues: { ':pk': pk, ':c': 'commit#' },
        Select: 'COUNT',
      });
      expect(commits.Count).toBe(stored);
      const history = records.filter(
        ({ dynamodb: { Keys } }) =>
          JSON.stringify(Keys) === JSON.stringify({ pk: { S: pk }, sk: { S: 'counter' } }),
      );
      expect(history.map(({ dynamodb }) => dynamodb.NewImage?.['n'])).toEqual(
        Array.from({ length: stored }, (_, n) => ({ N: String(n + 1) })),
      );
      acknowledged[at] = stored;
    }
    // The index holds each counter once, where it is now: no stale row, no orphan.
    const { Items } = await reader.scan({ TableName, IndexName: 'gsi' });
    expect(Items?.map(({ gsi }) => gsi).toSorted()).toEqual(
      partitions.flatMap((pk, at) => (acknowledged[at] ? [`${pk}-${acknowledged[at]}`] : [])),
    );
    const logged = [...dynamoDb.writesOf('counter')];
    expect(logged).toHaveLength(acknowledged.reduce((sum, count) => sum + count));
    await host.close();
  }
});

import { expect, it, onTestFinished } from 'vitest';
import { openSqs } from '../../../local/sqs/openSqs.ts';
import type { SqsRecord } from '../../../local/sqs/queueConsumer.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

function open(folder = temporaryFolder(), now: () => number = Date.now) {
  const sqs = openSqs({ folder, now });
  onTestFinished(() => sqs.close());
  return sqs;
}
const bodies = (records: readonly SqsRecord[]) => records.map(({ body }) => body);

it('feeds a function with batches in Lambda’s form, and removes what it took', async () => {
  const sqs = open();
  const arn = sqs.createQueue({ QueueName: 'arrivals' });
  const seen: SqsRecord[] = [];
  for (let n = 0; n < 25; n++) sqs.send(arn, `m${n}`, { RULE_ARN: 'arn:rule' });
  sqs.consume(arn, async (records) => {
    expect(records.length).toBeLessThanOrEqual(10);
    seen.push(...records);
    return undefined;
  });
  await sqs.idle();
  expect(bodies(seen).toSorted()).toEqual(Array.from({ length: 25 }, (_, n) => `m${n}`).toSorted());
  expect(seen[0]).toMatchObject({
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: 'us-east-1',
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: { RULE_ARN: { stringValue: 'arn:rule', dataType: 'String' } },
  });
});

it('takes new messages as they come', async () => {
  const sqs = open();
  sqs.createQueue({ QueueName: 'arrivals' });
  const seen: string[] = [];
  sqs.consume('arrivals', async (records) => void seen.push(...bodies(records)));
  sqs.send('arrivals', 'one');
  await sqs.idle();
  sqs.send('arrivals', 'two');
  await sqs.idle();
  expect(seen).toEqual(['one', 'two']);
});

it('brings a failed batch back, then sends it to the dead letter queue', async () => {
  const sqs = open();
  const deadLetterTargetArn = sqs.createQueue({ QueueName: 'dead' });
  sqs.createQueue({
    QueueName: 'arrivals',
    Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 }) },
  });
  const counts: (string | undefined)[] = [];
  sqs.consume(
    'arrivals',
    async ([record]) => {
      counts.push(record?.attributes['ApproximateReceiveCount']);
      throw new Error('not now');
    },
    { failureVisibilitySeconds: 0 },
  );
  const dead: string[] = [];
  sqs.consume('dead', async (records) => void dead.push(...bodies(records)));
  sqs.send('arrivals', 'poison');
  await expect.poll(() => dead).toEqual(['poison']);
  expect(counts).toEqual(['1', '2', '3']);
});

it('waits for the visibility timeout after a failure, as AWS does', async () => {
  let now = Date.now();
  const sqs = open(temporaryFolder(), () => now);
  sqs.createQueue({ QueueName: 'arrivals', Attributes: { VisibilityTimeout: '30' } });
  let calls = 0;
  sqs.consume('arrivals', async () => {
    calls += 1;
    throw new Error('not now');
  });
  sqs.send('arrivals', 'x');
  await sqs.idle();
  now += 29_000;
  sqs.createQueue({ QueueName: 'other' });
  sqs.send('arrivals', 'wakes the consumer');
  await sqs.idle();
  expect(calls).toBe(2);
  now += 2_000;
  sqs.send('arrivals', 'wakes it again');
  await sqs.idle();
  expect(calls).toBe(3);
});

it('brings back only the messages that a function reports as failed', async () => {
  const sqs = open();
  sqs.createQueue({ QueueName: 'arrivals' });
  for (const body of ['a', 'b', 'c']) sqs.send('arrivals', body);
  const batches: string[][] = [];
  sqs.consume(
    'arrivals',
    async (records) => {
      batches.push(bodies(records));
      const failed = batches.length === 1 ? records.filter(({ body }) => body === 'b') : [];
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    },
    { reportBatchItemFailures: true, failureVisibilitySeconds: 0 },
  );
  await expect.poll(() => batches).toEqual([['a', 'b', 'c'], ['b']]);
  await sqs.idle();
  expect(batches).toHaveLength(2);
});

it('takes an unknown identifier as the failure of the whole batch', async () => {
  const sqs = open();
  sqs.createQueue({ QueueName: 'arrivals' });
  for (const body of ['a', 'b']) sqs.send('arrivals', body);
  const batches: string[][] = [];
  sqs.consume(
    'arrivals',
    async (records) => {
      batches.push(bodies(records));
      return { batchItemFailures: batches.length === 1 ? [{ itemIdentifier: 'nobody' }] : [] };
    },
    { reportBatchItemFailures: true, failureVisibilitySeconds: 0 },
  );
  await expect
    .poll(() => batches)
    .toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
});

it('waits for a batch to fill, but not for ever', async () => {
  const sqs = open();
  sqs.createQueue({ QueueName: 'arrivals' });
  const batches: string[][] = [];
  sqs.consume('arrivals', async (records) => void batches.push(bodies(records)), {
    batchSize: 3,
    maximumBatchingWindowSeconds: 0.2,
  });
  for (const body of ['a', 'b', 'c', 'd']) sqs.send('arrivals', body);
  await expect.poll(() => batches).toEqual([['a', 'b', 'c'], ['d']]);
});

it('hands out again after a restart what its own consumers had in hand', async () => {
  const folder = temporaryFolder();
  const first = open(folder);
  first.createQueue({ QueueName: 'arrivals', Attributes: { VisibilityTimeout: '3600' } });
  first.send('arrivals', 'in hand');
  let taken = false;
  first.consume('arrivals', (_records, signal) => {
    taken = true;
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(new Error('stopped'))),
    );
  });
  await expect.poll(() => taken).toBe(true);
  await first.close();
  const second = open(folder);
  const seen: string[] = [];
  second.consume('arrivals', async (records) => void seen.push(...bodies(records)));
  await second.idle();
  expect(seen).toEqual(['in hand']);
});

it('gives an existing queue the attributes of the template', async () => {
  const sqs = open();
  const create = (VisibilityTimeout: string) =>
    sqs.createQueue({ QueueName: 'arrivals', Attributes: { VisibilityTimeout } });
  const arn = create('30');
  sqs.send(arn, 'kept');
  expect(create('60')).toBe(arn);
  const seen: string[] = [];
  sqs.consume(arn, async (records) => void seen.push(...bodies(records)));
  await sqs.idle();
  expect(seen).toEqual(['kept']);
});

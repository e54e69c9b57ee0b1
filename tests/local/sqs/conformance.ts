import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';

/** The SQS Headgate relies on: standard queues. The same promises hold for any endpoint. */
export function describeSqs(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  describeConformance(name, connect, differs, (promise, endpoint) => {
    const client = () =>
      new SQSClient({ ...localClientConfig, endpoint: endpoint(), maxAttempts: 1 });
    const newQueue = async (Attributes: Record<string, string> = {}) => {
      const QueueName = uniqueName('queue');
      const { QueueUrl } = await client().send(new CreateQueueCommand({ QueueName, Attributes }));
      return { QueueUrl: QueueUrl ?? '', QueueName };
    };
    const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
      client().send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
    const receive = async (QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}) =>
      (await client().send(new ReceiveMessageCommand({ QueueUrl, ...more }))).Messages ?? [];
    const attribute = async (QueueUrl: string, name_: QueueAttributeName) =>
      (await client().send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name_] })))
        .Attributes?.[name_];
    const sleep = (milliseconds: number) =>
      new Promise((resolve) => setTimeout(resolve, milliseconds));

    promise(
      'delivers a message with its attributes, and hides it until it is deleted',
      async () => {
        const { QueueUrl } = await newQueue();
        const sent = await send(QueueUrl, 'héllo 🎈', {
          MessageAttributes: {
            RULE_ARN: { DataType: 'String', StringValue: 'arn:x' },
            count: { DataType: 'Number', StringValue: '7' },
            raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
          },
        });
        const [message] = await receive(QueueUrl, {
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        });
        expect(message).toMatchObject({
          MessageId: sent.MessageId,
          Body: 'héllo 🎈',
          MessageAttributes: {
            RULE_ARN: { DataType: 'String', StringValue: 'arn:x' },
            count: { DataType: 'Number', StringValue: '7' },
          },
          Attributes: { ApproximateReceiveCount: '1' },
        });
        expect([...(message?.MessageAttributes?.['raw']?.BinaryValue ?? [])]).toEqual([1, 2]);
        expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
        expect(await receive(QueueUrl)).toEqual([]);
        const { ReceiptHandle } = message!;
        await client().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        expect(await attribute(QueueUrl, 'ApproximateNumberOfMessagesNotVisible')).toBe('0');
      },
    );

    promise('computes the digests that SDKs check', async () => {
      const { QueueUrl } = await newQueue();
      const sent = await send(QueueUrl, 'Information about the largest city in Any Region.', {
        MessageAttributes: {
          City: { DataType: 'String', StringValue: 'Any City' },
          Greeting: { DataType: 'Binary', BinaryValue: new TextEncoder().encode('Hello, World!') },
          Population: { DataType: 'Number', StringValue: '1250800' },
        },
      });
      expect(sent.MD5OfMessageBody).toBe('51b0a3256d59467f973009b739163aa0');
      expect(sent.MD5OfMessageAttributes).toBe('28eb0e573cf8e8a77e349a2f968eac4a');
    });

    promise('shows a message again when its visibility timeout is over', async () => {
      const { QueueUrl } = await newQueue({ VisibilityTimeout: '1' });
      await send(QueueUrl, 'x');
      const [first] = await receive(QueueUrl);
      expect(await receive(QueueUrl)).toEqual([]);
      await sleep(1100);
      const [second] = await receive(QueueUrl, { MessageSystemAttributeNames: ['All'] });
      expect(second?.MessageId).toBe(first?.MessageId);
      expect(second?.Attributes?.['ApproximateReceiveCount']).toBe('2');
      expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
    });

    promise('shows a message at once when its visibility is set to zero', async () => {
      const { QueueUrl } = await newQueue();
      await send(QueueUrl, 'x');
      const [message] = await receive(QueueUrl);
      await client().send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      expect(await receive(QueueUrl)).toHaveLength(1);
    });

    promise('waits for a message that comes later', async () => {
      const { QueueUrl } = await newQueue();
      const started = Date.now();
      const waiting = receive(QueueUrl, { WaitTimeSeconds: 5 });
      await sleep(150);
      await send(QueueUrl, 'late');
      expect((await waiting).map(({ Body }) => Body)).toEqual(['late']);
      expect(Date.now() - started).toBeLessThan(4000);
    });

    promise('waits in vain for no longer than it was asked to', async () => {
      const { QueueUrl } = await newQueue();
      const started = Date.now();
      expect(await receive(QueueUrl, { WaitTimeSeconds: 1 })).toEqual([]);
      expect(Date.now() - started).toBeGreaterThan(900);
      expect(Date.now() - started).toBeLessThan(3000);
    });

    promise('holds a delayed message back', async () => {
      const { QueueUrl } = await newQueue();
      await send(QueueUrl, 'x', { DelaySeconds: 1 });
      expect(await receive(QueueUrl)).toEqual([]);
      expect(await attribute(QueueUrl, 'ApproximateNumberOfMessagesDelayed')).toBe('1');
      expect(await receive(QueueUrl, { WaitTimeSeconds: 3 })).toHaveLength(1);
    });

    promise('moves what was received too often to the dead letter queue', async () => {
      const dead = await newQueue();
      const { QueueUrl } = await newQueue({
        VisibilityTimeout: '0',
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: await attribute(dead.QueueUrl, 'QueueArn'),
          maxReceiveCount: 2,
        }),
      });
      const sent = await send(QueueUrl, 'poison');
      expect(await receive(QueueUrl)).toHaveLength(1);
      expect(await receive(QueueUrl)).toHaveLength(1);
      expect(await receive(QueueUrl)).toEqual([]);
      const [message] = await receive(dead.QueueUrl);
      expect(message).toMatchObject({ Body: 'poison', MessageId: sent.MessageId });
      expect(await attribute(QueueUrl, 'ApproximateNumberOfMessages')).toBe('0');
    });

    promise('sends, receives and deletes in batches of ten', async () => {
      const { QueueUrl } = await newQueue();
      const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: `m${n}`, MessageBody: `b${n}` }));
      const sent = await client().send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      expect(sent.Successful).toHaveLength(10);
      const messages = await receive(QueueUrl, { MaxNumberOfMessages: 10 });
      expect(messages.map(({ Body }) => Body).toSorted()).toEqual(
        Entries.map(({ MessageBody }) => MessageBody),
      );
      const deleted = await client().send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: messages.map(({ ReceiptHandle }, n) => ({ Id: `d${n}`, ReceiptHandle })),
        }),
      );
      expect(deleted.Successful).toHaveLength(10);
      expect(await attribute(QueueUrl, 'ApproximateNumberOfMessagesNotVisible')).toBe('0');
    });

    promise('refuses a batch of eleven, of none, and one with equal ids', async () => {
      const { QueueUrl } = await newQueue();
      const batch = (ids: readonly string[]) =>
        client().send(
          new SendMessageBatchCommand({
            QueueUrl,
            Entries: ids.map((Id) => ({ Id, MessageBody: 'x' })),
          }),
        );
      const eleven = Array.from({ length: 11 }, (_, n) => `m${n}`);
      expect((await failureOf(batch(eleven))).name).toBe('TooManyEntriesInBatchRequest');
      expect((await failureOf(batch([]))).name).toBe('EmptyBatchRequest');
      expect((await failureOf(batch(['a', 'a']))).name).toBe('BatchEntryIdsNotDistinct');
    });

    promise('refuses a message above the queue’s limit, and an empty one', async () => {
      const { QueueUrl } = await newQueue({ MaximumMessageSize: '1024' });
      expect((await failureOf(send(QueueUrl, 'x'.repeat(1025)))).name).toBe(
        'InvalidParameterValue',
      );
      await send(QueueUrl, 'x'.repeat(1024));
      expect((await failureOf(send(QueueUrl, ''))).name).toBe('MissingParameter');
    });

    promise('creates a queue once, and refuses it with other attributes', async () => {
      const QueueName = uniqueName('same');
      const create = (VisibilityTimeout: string) =>
        client().send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout } }));
      const first = await create('40');
      expect((await create('40')).QueueUrl).toBe(first.QueueUrl);
      expect((await failureOf(create('41'))).name).toBe('QueueNameExists');
    });

    promise('tells its URL, ARN and attributes, and changes them', async () => {
      const { QueueUrl, QueueName } = await newQueue({ VisibilityTimeout: '40' });
      const found = await client().send(new GetQueueUrlCommand({ QueueName }));
      expect(found.QueueUrl).toBe(QueueUrl);
      expect(await attribute(QueueUrl, 'QueueArn')).toMatch(
        new RegExp(`^arn:aws:sqs:us-east-1:\\d{12}:${QueueName}$`),
      );
      await client().send(
        new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '50' } }),
      );
      expect(await attribute(QueueUrl, 'VisibilityTimeout')).toBe('50');
      expect(await attribute(QueueUrl, 'MessageRetentionPeriod')).toBe('345600');
    });

    promise('refuses attributes it does not know or that are out of range', async () => {
      for (const [Attributes, expected] of [
        [{ NoSuchAttribute: '1' }, 'InvalidAttributeName'],
        [{ VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
        [{ RedrivePolicy: '{' }, 'InvalidAttributeValue'],
      ] as const)
        expect((await failureOf(newQueue(Attributes))).name).toBe(expected);
    });

    promise('lists queues by prefix', async () => {
      const { QueueUrl, QueueName } = await newQueue();
      const { QueueUrls } = await client().send(
        new ListQueuesCommand({ QueueNamePrefix: QueueName }),
      );
      expect(QueueUrls).toEqual([QueueUrl]);
    });

    promise('purges and deletes', async () => {
      const { QueueUrl, QueueName } = await newQueue();
      await send(QueueUrl, 'x');
      await client().send(new PurgeQueueCommand({ QueueUrl }));
      expect(await receive(QueueUrl)).toEqual([]);
      await client().send(new DeleteQueueCommand({ QueueUrl }));
      const error = await failureOf(client().send(new GetQueueUrlCommand({ QueueName })));
      expect(error.name).toBe('QueueDoesNotExist');
    });

    promise('tags and untags', async () => {
      const { QueueUrl } = await newQueue();
      await client().send(new TagQueueCommand({ QueueUrl, Tags: { a: '1', b: '2' } }));
      await client().send(new UntagQueueCommand({ QueueUrl, TagKeys: ['a'] }));
      const { Tags } = await client().send(new ListQueueTagsCommand({ QueueUrl }));
      expect(Tags).toEqual({ b: '2' });
    });

    promise('answers a missing queue with QueueDoesNotExist', async () => {
      const { QueueUrl, QueueName } = await newQueue();
      const missing = QueueUrl.replace(QueueName, 'no-such-queue');
      for (const call of [
        () => send(missing, 'x'),
        () => receive(missing),
        () => attribute(missing, 'QueueArn'),
      ])
        expect((await failureOf(call())).name).toBe('QueueDoesNotExist');
    });

    promise('refuses a receipt handle that is none', async () => {
      const { QueueUrl } = await newQueue();
      const error = await failureOf(
        client().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'nonsense' })),
      );
      expect(error.name).toBe('ReceiptHandleIsInvalid');
    });
  });
}

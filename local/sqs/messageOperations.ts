import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import { attributesDigest, bodyDigest } from './messageDigest.ts';
import type { MessageStore, NewMessage, ReceivedMessage } from './messageStore.ts';
import { type Queue, settings } from './queue.ts';
import { systemAttributes } from './queueConsumer.ts';

const queueUrl = { QueueUrl: z.string() };
const attribute = z.strictObject({
  DataType: z.string().regex(/^(String|Number|Binary)(\.|$)/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const message = {
  MessageBody: z.string(),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: z.record(z.string(), attribute).optional(),
};
const sendInput = z.strictObject({ ...queueUrl, ...message });
const receiveInput = z.strictObject({
  ...queueUrl,
  MaxNumberOfMessages: z.int().min(1).max(10).optional(),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.int().min(0).max(20).optional(),
  AttributeNames: z.array(z.string()).optional(),
  MessageSystemAttributeNames: z.array(z.string()).optional(),
  MessageAttributeNames: z.array(z.string()).optional(),
});
const receipt = { ReceiptHandle: z.string() };
const visibility = { ...receipt, VisibilityTimeout: z.int().min(0).max(43_200) };
const batch = <Entry extends z.ZodRawShape>(entry: Entry) =>
  z.strictObject({
    ...queueUrl,
    Entries: z.array(z.strictObject({ Id: z.string().regex(/^[\w-]{1,80}$/), ...entry })),
  });

export function messageOperations(
  store: MessageStore,
  waiting: Set<(queueName: string) => void>,
  queueOf: (url: string) => Queue,
): Record<string, Operation> {
  const send = (queue: Queue, input: Omit<z.infer<typeof sendInput>, 'QueueUrl'>): object => {
    const sent: NewMessage = {
      body: input.MessageBody,
      attributes: input.MessageAttributes ?? {},
    };
    checkSize(queue, sent);
    const digest = attributesDigest(sent.attributes);
    return {
      MessageId: store.send(queue, sent, input.DelaySeconds),
      MD5OfMessageBody: bodyDigest(sent.body),
      ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
    };
  };
  return {
    SendMessage: operation(sendInput, ({ QueueUrl, ...input }) => send(queueOf(QueueUrl), input)),
    SendMessageBatch: operation(batch(message), ({ QueueUrl, Entries }) => {
      const queue = queueOf(QueueUrl);
      return eachEntry(Entries, (entry) => send(queue, entry));
    }),
    ReceiveMessage: operation(receiveInput, async (input, { signal }) => {
      const queue = queueOf(input.QueueUrl);
      const { waitSeconds, visibilitySeconds } = settings(queue);
      const take = (): readonly ReceivedMessage[] =>
        store.receive(
          store.get(queue.name),
          input.MaxNumberOfMessages ?? 1,
          input.VisibilityTimeout ?? visibilitySeconds,
        );
      const until = store.now + (input.WaitTimeSeconds ?? waitSeconds) * 1000;
      for (;;) {
        // A client that has left would only take messages out of sight.
        if (signal.aborted) return {};
        const messages = take();
        if (messages.length > 0 || store.now >= until)
          return messages.length === 0
            ? {}
            : { Messages: messages.map((received) => answerOf(received, input)) };
        const next = store.nextVisible(store.get(queue.name)) ?? until;
        await nextMessage(queue.name, Math.min(next, until) - store.now, waiting, signal);
      }
    }),
    DeleteMessage: operation(
      z.strictObject({ ...queueUrl, ...receipt }),
      ({ QueueUrl, ReceiptHandle }) => store.delete(queueOf(QueueUrl), ReceiptHandle),
    ),
    DeleteMessageBatch: operation(batch(receipt), ({ QueueUrl, Entries }) => {
      const queue = queueOf(QueueUrl);
      return eachEntry(Entries, ({ ReceiptHandle }) => {
        store.delete(queue, ReceiptHandle);
        return {};
      });
    }),
    ChangeMessageVisibility: operation(
      z.strictObject({ ...queueUrl, ...visibility }),
      ({ QueueUrl, ReceiptHandle, VisibilityTimeout }) => {
        const queue = queueOf(QueueUrl);
        store.changeVisibility(queue, ReceiptHandle, VisibilityTimeout);
        store.onMessage(queue.name);
      },
    ),
    ChangeMessageVisibilityBatch: operation(batch(visibility), ({ QueueUrl, Entries }) => {
      const queue = queueOf(QueueUrl);
      const answer = eachEntry(Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
        store.changeVisibility(queue, ReceiptHandle, VisibilityTimeout);
        return {};
      });
      store.onMessage(queue.name);
      return answer;
    }),
  };
}

function checkSize(queue: Queue, { body, attributes }: NewMessage): void {
  const { maxMessageBytes } = settings(queue);
  const bytes = Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum +
      Buffer.byteLength(name + DataType + StringValue) +
      Buffer.byteLength(BinaryValue, 'base64'),
    Buffer.byteLength(body),
  );
  if (bytes === 0)
    throw new AwsError(
      'com.amazonaws.sqs#MissingParameter',
      'The request must contain the parameter MessageBody.',
    );
  if (bytes > maxMessageBytes)
    throw new AwsError(
      'com.amazonaws.sqs#InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`,
    );
}

/** The answer of a batch: each entry succeeds or fails by itself. */
function eachEntry<Entry extends { readonly Id: string }>(
  entries: readonly Entry[],
  run: (entry: Entry) => object,
): object {
  const refuse = (type: string, text: string): AwsError =>
    new AwsError(`com.amazonaws.sqs#${type}`, text);
  if (entries.length === 0)
    throw refuse('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10)
    throw refuse('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  if (new Set(entries.map(({ Id }) => Id)).size !== entries.length)
    throw refuse('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries)
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const Code = error.type.split('#').at(-1);
      Failed.push({ Id: entry.Id, SenderFault: true, Code, Message: error.message });
    }
  return { Successful, Failed };
}

function answerOf(message_: ReceivedMessage, input: z.infer<typeof receiveInput>): object {
  const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const wantsAll = (names: readonly string[]): boolean => names.includes('All');
  const attributes = Object.entries(systemAttributes(message_)).filter(
    ([name]) => wantsAll(system) || system.includes(name),
  );
  const patterns = input.MessageAttributeNames ?? [];
  const own = Object.entries(message_.attributes).filter(
    ([name]) =>
      wantsAll(patterns) ||
      patterns.some((one) =>
        /\.\*$/.test(one) ? name.startsWith(one.slice(0, -1)) : one === name,
      ),
  );
  const digest = attributesDigest(Object.fromEntries(own));
  return {
    MessageId: message_.messageId,
    ReceiptHandle: message_.receiptHandle,
    Body: message_.body,
    MD5OfBody: bodyDigest(message_.body),
    ...(attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }),
    ...(digest === undefined
      ? {}
      : { MessageAttributes: Object.fromEntries(own), MD5OfMessageAttributes: digest }),
  };
}

/** Resolves when the queue may have a message, after `milliseconds`, or when aborted. */
function nextMessage(
  queueName: string,
  milliseconds: number,
  waiting: Set<(queueName: string) => void>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const wake = (name: string): void => {
      if (name === queueName) done();
    };
    const timer = setTimeout(done, Math.max(1, milliseconds));
    waiting.add(wake);
    signal.addEventListener('abort', done, { once: true });
  });
}

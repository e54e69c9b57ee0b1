import * as z from 'zod';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, type OperationContext, operation } from '../protocol/jsonService.ts';
import { messageOperations } from './messageOperations.ts';
import { type MessageStore, nonExistentQueue } from './messageStore.ts';
import { checkAttributes, defaultAttributes, type Queue, queueArn } from './queue.ts';

const attributes = z.record(z.string(), z.string());
const createInput = z.strictObject({
  QueueName: z.string(),
  Attributes: attributes.optional(),
  tags: attributes.optional(),
});
export type CreateQueue = z.infer<typeof createInput>;

/** Set members of `waiting` are called with a queue's name when it may have a message. */
export function operationsOf(
  store: MessageStore,
  waiting: Set<(queueName: string) => void>,
): Record<string, Operation> {
  const queueOf = (url: string): Queue => store.get(queueNameOfUrl(url));
  const onQueue = z.strictObject({ QueueUrl: z.string() });
  return {
    ...messageOperations(store, waiting, queueOf),
    CreateQueue: operation(createInput, (input, context) => ({
      QueueUrl: urlOf(context, createQueue(store, input, 'refuse').name),
    })),
    GetQueueUrl: operation(
      z.strictObject({
        QueueName: z.string(),
        QueueOwnerAWSAccountId: z.literal(localAccount.accountId).optional(),
      }),
      ({ QueueName }, context) => ({ QueueUrl: urlOf(context, store.get(QueueName).name) }),
    ),
    GetQueueAttributes: operation(
      onQueue.extend({ AttributeNames: z.array(z.string()).optional() }),
      ({ QueueUrl, AttributeNames = [] }) => {
        const all = attributesOf(store, queueOf(QueueUrl));
        const wanted = Object.entries(all).filter(
          ([name]) => AttributeNames.includes('All') || AttributeNames.includes(name),
        );
        return { Attributes: Object.fromEntries(wanted) };
      },
    ),
    SetQueueAttributes: operation(
      onQueue.extend({ Attributes: attributes }),
      ({ QueueUrl, Attributes }) => {
        checkAttributes(Attributes);
        const queue = queueOf(QueueUrl);
        const modified = Math.floor(store.now / 1000);
        store.save({ ...queue, attributes: { ...queue.attributes, ...Attributes }, modified });
        store.onMessage(queue.name);
      },
    ),
    ListQueues: operation(
      z.strictObject({
        QueueNamePrefix: z.string().optional(),
        MaxResults: z.int().min(1).max(1000).optional(),
        NextToken: z.string().optional(),
      }),
      ({ QueueNamePrefix = '', MaxResults = 1000, NextToken = '' }, context) => {
        const names = store.names(QueueNamePrefix).filter((name) => name > NextToken);
        const page = names.slice(0, MaxResults);
        return {
          QueueUrls: page.map((name) => urlOf(context, name)),
          ...(names.length > page.length ? { NextToken: page.at(-1) } : {}),
        };
      },
    ),
    DeleteQueue: operation(onQueue, ({ QueueUrl }) => store.drop(queueOf(QueueUrl).name)),
    PurgeQueue: operation(onQueue, ({ QueueUrl }) => store.purge(queueOf(QueueUrl).name)),
    ListQueueTags: operation(onQueue, ({ QueueUrl }) => ({ Tags: queueOf(QueueUrl).tags })),
    TagQueue: operation(onQueue.extend({ Tags: attributes }), ({ QueueUrl, Tags }) => {
      const queue = queueOf(QueueUrl);
      store.save({ ...queue, tags: { ...queue.tags, ...Tags } });
    }),
    UntagQueue: operation(
      onQueue.extend({ TagKeys: z.array(z.string()) }),
      ({ QueueUrl, TagKeys }) => {
        const queue = queueOf(QueueUrl);
        const kept = Object.entries(queue.tags).filter(([key]) => !TagKeys.includes(key));
        store.save({ ...queue, tags: Object.fromEntries(kept) });
      },
    ),
  };
}

/** `adopt` gives an existing queue the attributes; `refuse` fails when they differ, as the API does. */
export function createQueue(
  store: MessageStore,
  { QueueName, Attributes = {}, tags = {} }: CreateQueue,
  whenDifferent: 'adopt' | 'refuse',
): Queue {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(QueueName))
    throw new AwsError(
      'com.amazonaws.sqs#InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. The embedded SQS has standard queues only.',
    );
  checkAttributes(Attributes);
  const existing = store.find(QueueName);
  const now = Math.floor(store.now / 1000);
  if (existing !== undefined && whenDifferent === 'refuse') {
    const held: Readonly<Record<string, string>> = { ...defaultAttributes, ...existing.attributes };
    const different = Object.entries(Attributes).find(([name, value]) => held[name] !== value);
    if (different === undefined) return existing;
    throw new AwsError(
      'com.amazonaws.sqs#QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${different[0]}`,
      { headers: { 'x-amzn-query-error': 'QueueAlreadyExists;Sender' } },
    );
  }
  const queue: Queue = {
    name: QueueName,
    attributes: Attributes,
    tags,
    created: existing?.created ?? now,
    modified: now,
  };
  store.save(queue);
  return queue;
}

function attributesOf(store: MessageStore, queue: Queue): Record<string, string> {
  const counts = store.counts(queue);
  const set = Object.entries(queue.attributes).filter(([, value]) => value !== '');
  return {
    ...defaultAttributes,
    ...Object.fromEntries(set),
    QueueArn: queueArn(queue.name),
    CreatedTimestamp: String(queue.created),
    LastModifiedTimestamp: String(queue.modified),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
  };
}

/** SDKs send their next request to this URL, so it names the host they came by. */
const urlOf = ({ host }: OperationContext, name: string): string =>
  `http://${host}/${localAccount.accountId}/${name}`;

function queueNameOfUrl(url: string): string {
  const name = /^(?:https?:\/\/[^/]+)?\/?\d{12}\/([A-Za-z0-9_-]{1,80})$/.exec(url)?.[1];
  if (name === undefined) throw nonExistentQueue();
  return name;
}

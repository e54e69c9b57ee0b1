import type { Log } from '../../shared/log.ts';
import type { LocalService } from '../localService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import { MessageStore } from './messageStore.ts';
import { queueArn, queueNameOfArn } from './queue.ts';
import { type DeliverMessages, QueueConsumer, type QueueConsumerOptions } from './queueConsumer.ts';
import { type CreateQueue, createQueue, operationsOf } from './queueOperations.ts';

export interface LocalSqsOptions {
  readonly folder: string;
  readonly now?: () => number;
  readonly log?: Log;
}

export interface LocalSqs extends LocalService {
  /** Creates a queue, or gives an existing one these attributes; answers its ARN. */
  createQueue(queue: CreateQueue): string;
  /** Stores a message; `attributes` become message attributes of type String. */
  send(queueArnOrName: string, body: string, attributes?: Readonly<Record<string, string>>): void;
  /** Makes a function the consumer of a queue. Answers a function that ends that. */
  consume(
    queueArnOrName: string,
    deliver: DeliverMessages,
    options?: QueueConsumerOptions,
  ): () => Promise<void>;
  /** Resolves when no batch is under way. */
  idle(): Promise<void>;
}

/** The embedded SQS: standard queues. */
export function openSqs(options: LocalSqsOptions): LocalSqs {
  const store = new MessageStore(options.folder, options.now ?? Date.now);
  const consumers = new Set<QueueConsumer>();
  const waiting = new Set<(queueName: string) => void>();
  store.onMessage = (queueName) => {
    for (const wake of waiting) wake(queueName);
    for (const consumer of consumers) if (consumer.queueName === queueName) consumer.wake();
  };
  const service = jsonService({
    name: 'sqs',
    target: 'AmazonSQS',
    jsonVersion: '1.0',
    operations: operationsOf(store, waiting),
    log: options.log,
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      if (store.database.isOpen) store.database.close();
    },
  });
  return {
    ...service,
    createQueue: (queue) => queueArn(createQueue(store, queue, 'adopt').name),
    send: (target, body, attributes = {}) => {
      const named = Object.entries(attributes).map(([name, StringValue]) => [
        name,
        { DataType: 'String', StringValue },
      ]);
      store.send(store.get(queueNameOfArn(target)), {
        body,
        attributes: Object.fromEntries(named),
      });
    },
    consume: (target, deliver, consumerOptions = {}) => {
      const name = queueNameOfArn(target);
      const consumer = new QueueConsumer(store, name, deliver, consumerOptions, options.log);
      consumers.add(consumer);
      consumer.wake();
      return async () => {
        consumers.delete(consumer);
        await consumer.stop();
      };
    },
    idle: async () => {
      for (const consumer of consumers) await consumer.idle();
    },
  };
}

import type { Log } from '../../shared/log.ts';
import { localAccount } from '../localService.ts';
import { closeMilliseconds, settleWithin } from '../protocol/settleWithin.ts';
import { attributesDigest, bodyDigest } from './messageDigest.ts';
import type { MessageStore, ReceivedMessage } from './messageStore.ts';
import { type Queue, queueArn, settings } from './queue.ts';

/** One message as Lambda receives it from an SQS event source. */
export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, object>>;
  readonly md5OfBody: string;
  readonly md5OfMessageAttributes?: string;
  readonly eventSource: 'aws:sqs';
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}
export interface QueueAnswer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}
/** Rejects to leave the whole batch; answers `batchItemFailures` to leave some of it. */
export type DeliverMessages = (
  records: readonly SqsRecord[],
  signal: AbortSignal,
) => Promise<QueueAnswer | undefined>;

export interface QueueConsumerOptions {
  /** Default 10. */
  readonly batchSize?: number;
  /** Wait this long for a batch to fill. Default 0. */
  readonly maximumBatchingWindowSeconds?: number;
  /** Batches under way at the same time. Default 5, as AWS starts with. */
  readonly maximumConcurrency?: number;
  /** FunctionResponseTypes holds ReportBatchItemFailures. Default false: an answer is success. */
  readonly reportBatchItemFailures?: boolean;
  /** When messages of a failed batch come back. Default, as in AWS: the queue's visibility timeout. */
  readonly failureVisibilitySeconds?: number;
}

/** Feeds the messages of a queue to a function, and removes what it accepted. */
export class QueueConsumer {
  readonly #store: MessageStore;
  readonly #queueName: string;
  readonly #deliver: DeliverMessages;
  readonly #options: QueueConsumerOptions;
  readonly #log: Log | undefined;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #windowEnds: number | undefined;

  constructor(
    store: MessageStore,
    queueName: string,
    deliver: DeliverMessages,
    options: QueueConsumerOptions,
    log: Log | undefined,
  ) {
    this.#store = store;
    this.#queueName = queueName;
    this.#deliver = deliver;
    this.#options = options;
    this.#log = log;
  }

  get queueName(): string {
    return this.#queueName;
  }

  /** Takes what is visible, and sets the timer for what will be. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    const queue = this.#store.find(this.#queueName);
    if (queue === undefined) return;
    const { batchSize = 10, maximumConcurrency = 5 } = this.#options;
    while (this.#underWay.size < maximumConcurrency) {
      if (!this.#batchIsReady(queue, batchSize)) break;
      const { visibilitySeconds } = settings(queue);
      const messages = this.#store.receive(queue, batchSize, visibilitySeconds, { held: true });
      if (messages.length === 0) break;
      this.#windowEnds = undefined;
      const work = this.#handle(queue, messages)
        .catch((error: unknown) => this.#log?.error('a queue consumer failed', { error }))
        .finally(() => {
          this.#underWay.delete(work);
          this.#wakeLater();
        });
      this.#underWay.add(work);
    }
    this.#setTimer(queue);
  }

  /** `wake` where nobody would hear it fail. */
  #wakeLater(): void {
    try {
      this.wake();
    } catch (error) {
      this.#log?.error('messages cannot be read', { queue: this.#queueName, error });
    }
  }

  #batchIsReady(queue: Queue, batchSize: number): boolean {
    const window = (this.#options.maximumBatchingWindowSeconds ?? 0) * 1000;
    if (window === 0) return true;
    const { visible } = this.#store.counts(queue);
    if (visible === 0) return false;
    this.#windowEnds ??= this.#store.now + window;
    return visible >= batchSize || this.#store.now >= this.#windowEnds;
  }

  #setTimer(queue: Queue): void {
    const next = this.#store.nextVisible(queue);
    if (next === undefined || this.#stop.signal.aborted) return;
    const due = Math.max(next, this.#windowEnds ?? 0) - this.#store.now;
    // What is visible already waits for a free place, which wakes us.
    if (due <= 0 && this.#underWay.size > 0) return;
    this.#timer = setTimeout(() => this.#wakeLater(), Math.min(Math.max(due, 1), 60_000));
    this.#timer.unref();
  }

  async #handle(queue: Queue, messages: readonly ReceivedMessage[]): Promise<void> {
    const failed = await this.#failures(queue, messages);
    if (this.#stop.signal.aborted && failed.size > 0) return;
    const { failureVisibilitySeconds } = this.#options;
    for (const { messageId, receiptHandle } of messages) {
      if (!failed.has(messageId)) this.#store.delete(queue, receiptHandle);
      else if (failureVisibilitySeconds !== undefined)
        this.#store.changeVisibility(queue, receiptHandle, failureVisibilitySeconds);
    }
  }

  /** Ids of the messages that must come back. */
  async #failures(
    queue: Queue,
    messages: readonly ReceivedMessage[],
  ): Promise<ReadonlySet<string>> {
    const all = new Set(messages.map(({ messageId }) => messageId));
    try {
      const records = messages.map((message) => recordOf(queue, message));
      const answer = await this.#deliver(records, this.#stop.signal);
      if (this.#options.reportBatchItemFailures !== true) return new Set();
      const failed = (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
      // An unknown or empty identifier fails the whole batch (Lambda Developer Guide).
      return failed.every((id) => all.has(id)) ? new Set(failed) : all;
    } catch (error) {
      this.#log?.warn('a batch of messages failed', { queue: queue.name, error });
      return all;
    }
  }

  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await settleWithin(closeMilliseconds, Promise.all(this.#underWay));
  }
}

/** Lambda's names for the parts of a message; lower case, unlike those of the SQS API. */
function recordOf(queue: Queue, message: ReceivedMessage): SqsRecord {
  const digest = attributesDigest(message.attributes);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          dataType: DataType,
          ...(StringValue === undefined ? {} : { stringValue: StringValue }),
          ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
          stringListValues: [],
          binaryListValues: [],
        },
      ]),
    ),
    md5OfBody: bodyDigest(message.body),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn(queue.name),
    awsRegion: localAccount.region,
  };
}

export const systemAttributes = (message: ReceivedMessage): Record<string, string> => ({
  ApproximateReceiveCount: String(message.receives),
  SentTimestamp: String(message.sent),
  SenderId: localAccount.accountId,
  ApproximateFirstReceiveTimestamp: String(message.firstReceived),
});

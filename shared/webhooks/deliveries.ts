import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { json } from '../json.ts';

/** One thing to tell one webhook. */
export const delivery = z.strictObject({
  tenant: z.string(),
  webhookId: z.string(),
  /** Of the event or alert; the same however often it is sent. */
  id: z.string(),
  /** 1 for the first. */
  attempt: z.int().positive(),
  /** For format `json`: sent as it is. */
  payload: z.record(z.string(), json),
  /** For format `slack`. */
  text: z.string(),
});
export type Delivery = z.infer<typeof delivery>;

/** The queue in which deliveries wait for their time. */
export interface Deliveries {
  send(deliveries: readonly Delivery[], delaySeconds?: number): Promise<void>;
}

/** A batch takes so many; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const atATime = 10;

export const sqsDeliveries = (client: SQSClient, queueUrl: string): Deliveries => ({
  async send(deliveries, delaySeconds = 0) {
    for (let from = 0; from < deliveries.length; from += atATime) {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: deliveries.slice(from, from + atATime).map((one, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify({ delivery: one }),
            DelaySeconds: delaySeconds,
          })),
        }),
      );
      if (Failed.length > 0)
        throw new Error(`${Failed.length} deliveries were not queued: ${Failed[0]?.Code}`);
    }
  },
});

/** Seconds before each further try: about two hours in all. SQS delays a message by 15 minutes at most. */
const pauses = [5, 30, 120, 300, 900, 900, 900, 900, 900, 900, 900, 900];

/** Before the try after `attempt`; null when that was the last. */
export const pauseAfter = (attempt: number): number | null => pauses[attempt - 1] ?? null;

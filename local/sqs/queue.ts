import * as z from 'zod';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';

/** A queue as stored; attributes as SQS names them, values as text. Times in epoch seconds. */
export interface Queue {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly created: number;
  readonly modified: number;
}

export const queueArn = (name: string): string =>
  `arn:aws:sqs:${localAccount.region}:${localAccount.accountId}:${name}`;
export const queueNameOfArn = (arn: string): string => arn.split(':').at(-1) ?? '';

export const defaultAttributes = {
  DelaySeconds: '0',
  MaximumMessageSize: '262144',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
} as const;

/** Smallest and largest values (API reference, SetQueueAttributes). */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  VisibilityTimeout: [0, 43_200],
};
/** Kept and told, without effect: there is one account and nothing is encrypted. */
const inert = new Set([
  'Policy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
  'RedriveAllowPolicy',
]);

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string().startsWith('arn:'),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

export interface QueueSettings {
  readonly delaySeconds: number;
  readonly maxMessageBytes: number;
  readonly retentionSeconds: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  readonly redrive: z.infer<typeof redrivePolicy> | undefined;
}

export function settings(queue: Queue): QueueSettings {
  const number = (name: keyof typeof defaultAttributes): number =>
    Number(queue.attributes[name] ?? defaultAttributes[name]);
  const policy = queue.attributes['RedrivePolicy'];
  return {
    delaySeconds: number('DelaySeconds'),
    maxMessageBytes: number('MaximumMessageSize'),
    retentionSeconds: number('MessageRetentionPeriod'),
    waitSeconds: number('ReceiveMessageWaitTimeSeconds'),
    visibilitySeconds: number('VisibilityTimeout'),
    redrive: policy ? redrivePolicy.parse(JSON.parse(policy)) : undefined,
  };
}

/** Throws InvalidAttributeName or InvalidAttributeValue. */
export function checkAttributes(attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (inert.has(name)) continue;
    const range = ranges[name];
    if (name === 'RedrivePolicy') {
      // An empty text removes the policy.
      if (value === '' || redrivePolicy.safeParse(parsed(value)).success) continue;
    } else if (range === undefined) {
      throw new AwsError(
        'com.amazonaws.sqs#InvalidAttributeName',
        `Unknown Attribute ${name}. The embedded SQS has standard queues only.`,
      );
    } else if (/^\d+$/.test(value) && Number(value) >= range[0] && Number(value) <= range[1]) {
      continue;
    }
    throw new AwsError(
      'com.amazonaws.sqs#InvalidAttributeValue',
      `Invalid value for the parameter ${name}.`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTopicsCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSns } from '../../../local/sns/openSns.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';

const TopicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
let folder: string;
let host: Awaited<ReturnType<typeof hostServices>>;
let client: SNSClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-sns-'));
  host = await hostServices(openSns({ folder, now: () => 0 }));
  client = new SNSClient({ ...localClientConfig, endpoint: host.endpoint, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

it('keeps each message that the AWS SDK publishes as one line', async () => {
  const Message = 'Zwei Zeilen:\n<b>&amp;</b>';
  const { MessageId } = await client.send(
    new PublishCommand({
      TopicArn,
      Subject: 'A subject',
      Message,
      MessageAttributes: { tenant: { DataType: 'String', StringValue: 'acme' } },
    }),
  );
  expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
  const lines = readFileSync(join(folder, 'published.ndjson'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at: '1970-01-01T00:00:00.000Z', topicArn: TopicArn, subject: 'A subject', message: Message },
  ]);
});

it('refuses what it does not know, and what is no message, with a clear error', async () => {
  await expect(client.send(new ListTopicsCommand({}))).rejects.toThrow('no operation ListTopics');
  await expect(
    client.send(new PublishCommand({ TopicArn: 'nonsense', Message: 'x' })),
  ).rejects.toThrow('TopicArn');
  await expect(client.send(new PublishCommand({ TopicArn, Message: '' }))).rejects.toThrow();
});

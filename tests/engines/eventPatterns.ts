import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../local/conformance.ts';
import { patternCases, patternEvent } from '../local/events/patternCases.ts';
import { localClientConfig } from '../local/hostServices.ts';

/**
 * Patterns by what they deliver, for an engine without TestEventPattern: a rule and a queue for each, one event,
 * and a look into the queues. `differs` names patterns (as JSON) the engine is known to get wrong.
 */
export function describeDeliveredPatterns(
  name: string,
  connect: () => Promise<Engine>,
  differs: Readonly<Record<string, string>>,
): void {
  describe(name, () => {
    let engine: Engine;
    const rows = patternCases.flatMap(([, list]) => list);
    const queues = new Map<object, string>();
    let sqs: SQSClient;
    beforeAll(async () => {
      engine = await connect();
      const config = { ...localClientConfig, endpoint: engine.endpoint, maxAttempts: 1 };
      sqs = new SQSClient(config);
      const events = new EventBridgeClient(config);
      for (const [at, [pattern]] of rows.entries()) {
        const Name = `pattern-${at}`;
        const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: Name }));
        queues.set(pattern, QueueUrl);
        const account = QueueUrl.split('/').at(-2);
        const put = { Name, EventPattern: JSON.stringify(pattern) };
        // A pattern the engine refuses delivers nothing, and is a difference where it should match.
        await events.send(new PutRuleCommand(put)).catch(() => undefined);
        const Arn = `arn:aws:sqs:us-east-1:${account}:${Name}`;
        await events
          .send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'q', Arn }] }))
          .catch(() => undefined);
      }
      const { source, detail, resources } = patternEvent;
      const entry = {
        Source: source,
        DetailType: patternEvent['detail-type'],
        Resources: resources,
      };
      await events.send(
        new PutEventsCommand({ Entries: [{ ...entry, Detail: JSON.stringify(detail) }] }),
      );
    });
    afterAll(async () => {
      await engine?.close();
    });
    it('delivers to the queues of the matching patterns and to no other', async () => {
      const wrong: string[] = [];
      for (const [pattern, expected] of rows) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: queues.get(pattern) ?? '' }),
        );
        if (Messages.length > 0 !== expected) wrong.push(JSON.stringify(pattern));
      }
      expect(wrong.toSorted()).toEqual(Object.keys(differs).toSorted());
    });
  });
}

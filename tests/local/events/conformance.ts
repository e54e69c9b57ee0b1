import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';
import { type PatternRows, patternCases, patternEvent } from './patternCases.ts';

/** The EventBridge Headgate relies on: the default bus. The same promises hold for any endpoint. */
export function describeEvents(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  describeConformance(name, connect, differs, (promise, endpoint) => {
    const client = () =>
      new EventBridgeClient({ ...localClientConfig, endpoint: endpoint(), maxAttempts: 1 });
    const matches = async (pattern: object): Promise<boolean | undefined> =>
      (
        await client().send(
          new TestEventPatternCommand({
            EventPattern: JSON.stringify(pattern),
            Event: JSON.stringify(patternEvent),
          }),
        )
      ).Result;
    const table = (name_: string, rows: PatternRows): void =>
      promise(name_, async () => {
        for (const [pattern, expected] of rows)
          expect([pattern, await matches(pattern)]).toEqual([pattern, expected]);
      });
    const EventPattern = JSON.stringify({ source: ['aws.s3'] });
    const newRule = async (more: object = { EventPattern }) => {
      const Name = uniqueName('rule');
      await client().send(new PutRuleCommand({ Name, ...more }));
      return Name;
    };
    const target = (Id: string, more: object = {}) => ({
      Id,
      Arn: 'arn:aws:sqs:us-east-1:000000000000:arrivals',
      ...more,
    });

    for (const [name_, rows] of patternCases) table(name_, rows);

    promise('refuses patterns that are none', async () => {
      for (const pattern of [
        '{',
        '[]',
        '{}',
        '{"source":"aws.s3"}',
        '{"source":[]}',
        '{"a":[{"no-such":"x"}]}',
      ])
        expect([pattern, (await failureOf(newRule({ EventPattern: pattern }))).name]).toEqual([
          pattern,
          'InvalidEventPatternException',
        ]);
    });

    promise('gives back a rule as it was put, and replaces it', async () => {
      const Name = await newRule({ EventPattern, Description: 'first' });
      await client().send(
        new PutRuleCommand({ Name, EventPattern, Description: 'second', State: 'DISABLED' }),
      );
      const rule = await client().send(new DescribeRuleCommand({ Name }));
      expect(rule).toMatchObject({
        Name,
        EventPattern,
        Description: 'second',
        State: 'DISABLED',
        EventBusName: 'default',
      });
      expect(rule.Arn).toMatch(new RegExp(`^arn:aws:events:us-east-1:\\d{12}:rule/${Name}$`));
    });

    promise('enables and disables a rule', async () => {
      const Name = await newRule();
      const state = async () => (await client().send(new DescribeRuleCommand({ Name }))).State;
      await client().send(new DisableRuleCommand({ Name }));
      expect(await state()).toBe('DISABLED');
      await client().send(new EnableRuleCommand({ Name }));
      expect(await state()).toBe('ENABLED');
    });

    promise('takes rates and crons as schedules, and refuses others', async () => {
      await newRule({ ScheduleExpression: 'rate(5 minutes)' });
      await newRule({ ScheduleExpression: 'cron(0 2 * * ? *)' });
      for (const ScheduleExpression of ['rate(5 seconds)', 'at(2040-01-01T00:00:00)', 'daily'])
        expect((await failureOf(newRule({ ScheduleExpression }))).name).toBe('ValidationException');
      expect((await failureOf(newRule({}))).name).toBe('ValidationException');
    });

    promise('keeps targets with their transformers, retries and dead letter queues', async () => {
      const Rule = await newRule();
      const Targets = [
        target('a', {
          InputTransformer: {
            InputPathsMap: { key: '$.detail.object.key' },
            InputTemplate: '{"key":<key>}',
          },
          RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 },
          DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
        }),
        target('b', { Input: '{"constant":true}' }),
      ];
      const put = await client().send(new PutTargetsCommand({ Rule, Targets }));
      expect(put.FailedEntryCount).toBe(0);
      const listed = await client().send(new ListTargetsByRuleCommand({ Rule }));
      expect(listed.Targets?.toSorted((x, y) => (x.Id! < y.Id! ? -1 : 1))).toMatchObject(Targets);
      await client().send(new RemoveTargetsCommand({ Rule, Ids: ['a'] }));
      const rest = await client().send(new ListTargetsByRuleCommand({ Rule }));
      expect(rest.Targets?.map(({ Id }) => Id)).toEqual(['b']);
    });

    promise('refuses to delete a rule that has targets', async () => {
      const Rule = await newRule();
      await client().send(new PutTargetsCommand({ Rule, Targets: [target('a')] }));
      expect((await failureOf(client().send(new DeleteRuleCommand({ Name: Rule })))).name).toBe(
        'ValidationException',
      );
      await client().send(new RemoveTargetsCommand({ Rule, Ids: ['a'] }));
      await client().send(new DeleteRuleCommand({ Name: Rule }));
      const gone = await failureOf(client().send(new DescribeRuleCommand({ Name: Rule })));
      expect(gone.name).toBe('ResourceNotFoundException');
    });

    promise('lists rules by prefix', async () => {
      const Name = await newRule();
      const { Rules } = await client().send(new ListRulesCommand({ NamePrefix: Name }));
      expect(Rules?.map((rule) => rule.Name)).toEqual([Name]);
    });

    promise('takes good events and refuses bad ones, each by itself', async () => {
      const good = { Source: 'headgate', DetailType: 'sync_started', Detail: '{"runId":"r"}' };
      const answer = await client().send(
        new PutEventsCommand({
          Entries: [
            good,
            { ...good, Detail: 'no json' },
            { ...good, Source: '' },
            { ...good, Source: 'aws.s3' },
          ],
        }),
      );
      expect(answer.FailedEntryCount).toBe(3);
      expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
        undefined,
        'MalformedDetail',
        'InvalidArgument',
        'NotAuthorizedForSourceException',
      ]);
      expect(answer.Entries?.[0]?.EventId).toMatch(/^[0-9a-f-]{36}$/);
    });

    promise('answers a missing rule with ResourceNotFoundException', async () => {
      const Name = uniqueName('missing');
      for (const call of [
        () => client().send(new DescribeRuleCommand({ Name })),
        () => client().send(new PutTargetsCommand({ Rule: Name, Targets: [target('a')] })),
        () => client().send(new ListTargetsByRuleCommand({ Rule: Name })),
      ])
        expect((await failureOf(call())).name).toBe('ResourceNotFoundException');
    });
  });
}

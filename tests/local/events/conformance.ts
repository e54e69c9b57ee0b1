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

const event = {
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '000000000000',
  time: '2027-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: ['arn:aws:s3:::landing'],
  detail: {
    bucket: { name: 'landing' },
    object: { key: 'acme/orders/a.csv', size: 42, 'version-id': 'v1' },
    reason: 'PutObject',
    empty: '',
    flag: true,
    nothing: null,
    tags: ['a', 'b'],
    parts: [{ n: 1 }, { n: 2 }],
  },
};

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
            Event: JSON.stringify(event),
          }),
        )
      ).Result;
    const table = (name_: string, rows: readonly (readonly [object, boolean])[]): void =>
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

    table('matches values exactly, all names of a pattern and any value of a list', [
      [{ source: ['aws.s3'] }, true],
      [{ source: ['aws.ec2', 'aws.s3'] }, true],
      [{ source: ['aws.s3'], 'detail-type': ['Object Deleted'] }, false],
      [{ detail: { bucket: { name: ['landing'] }, object: { size: [42] } } }, true],
      [{ detail: { object: { size: ['42'] } } }, false],
      [{ detail: { flag: [true] } }, true],
      [{ detail: { nothing: [null] } }, true],
      [{ detail: { empty: [''] } }, true],
      [{ detail: { missing: ['x'] } }, false],
    ]);

    table('matches an array by any of its members', [
      [{ resources: ['arn:aws:s3:::landing'] }, true],
      [{ detail: { tags: ['b', 'z'] } }, true],
      [{ detail: { tags: ['z'] } }, false],
      [{ detail: { parts: { n: [2] } } }, true],
    ]);

    table('matches beginnings and endings', [
      [{ detail: { object: { key: [{ prefix: 'acme/' }] } } }, true],
      [{ detail: { object: { key: [{ prefix: '_uploads/' }] } } }, false],
      [{ detail: { object: { key: [{ suffix: '.csv' }] } } }, true],
      [{ detail: { object: { key: [{ prefix: 'x' }, { suffix: '.csv' }] } } }, true],
      [{ detail: { object: { size: [{ prefix: '4' }] } } }, false],
    ]);

    table('matches anything but what is listed', [
      [{ detail: { reason: [{ 'anything-but': 'CopyObject' }] } }, true],
      [{ detail: { reason: [{ 'anything-but': ['PutObject', 'x'] }] } }, false],
      [{ detail: { object: { key: [{ 'anything-but': { prefix: '_uploads/' } }] } } }, true],
      [{ detail: { object: { key: [{ 'anything-but': { prefix: 'acme/' } }] } } }, false],
      [{ detail: { object: { size: [{ 'anything-but': [41, 43] }] } } }, true],
    ]);

    table('matches what is there and what is not', [
      [{ detail: { object: { 'version-id': [{ exists: true }] } } }, true],
      [{ detail: { object: { etag: [{ exists: false }] } } }, true],
      [{ detail: { object: { etag: [{ exists: true }] } } }, false],
    ]);

    table('compares numbers', [
      [{ detail: { object: { size: [{ numeric: ['>', 0, '<=', 42] }] } } }, true],
      [{ detail: { object: { size: [{ numeric: ['<', 42] }] } } }, false],
      [{ detail: { object: { size: [{ numeric: ['=', 42] }] } } }, true],
    ]);

    table('matches without regard to case, and with wildcards', [
      [{ detail: { reason: [{ 'equals-ignore-case': 'putobject' }] } }, true],
      [{ detail: { object: { key: [{ wildcard: 'acme/*.csv' }] } } }, true],
      [{ detail: { object: { key: [{ wildcard: 'acme/*.json' }] } } }, false],
    ]);

    table('matches one of several alternatives', [
      [{ $or: [{ source: ['aws.ec2'] }, { detail: { flag: [true] } }] }, true],
      [{ $or: [{ source: ['aws.ec2'] }, { detail: { flag: [false] } }] }, false],
    ]);

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

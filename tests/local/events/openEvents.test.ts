import { expect, it, onTestFinished } from 'vitest';
import { type LocalEventsOptions, openEvents } from '../../../local/events/openEvents.ts';
import { createLog } from '../../../shared/log.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const Arn = 'arn:aws:lambda:us-east-1:000000000000:function:arrival';
const start = Date.parse('2027-01-01T00:00:00Z');
const objectCreated = {
  source: 'aws.s3',
  detailType: 'Object Created',
  resources: ['arn:aws:s3:::landing'],
  detail: { bucket: { name: 'landing' }, object: { key: 'acme/"a".csv', size: 42 } },
};

function open(options: Partial<LocalEventsOptions> = {}) {
  const clock = { now: start };
  const delivered: { arn: string; payload: string }[] = [];
  const dead: { arn: string; body: string; attributes: Readonly<Record<string, string>> }[] = [];
  const events = openEvents({
    folder: temporaryFolder(),
    now: () => clock.now,
    deliver: async (arn, payload) => void delivered.push({ arn, payload }),
    sendToQueue: (arn, body, attributes) => void dead.push({ arn, body, attributes }),
    retryMilliseconds: 1,
    ...options,
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await events.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { events, clock, delivered, dead, close };
}
const EventPattern = JSON.stringify({
  source: ['aws.s3'],
  detail: { object: { key: [{ prefix: 'acme/' }] } },
});

it('hands a matching event, in its envelope, to every target of every rule', async () => {
  const { events, delivered } = open();
  events.putRule({ Name: 'one', EventPattern }, [
    { Id: 'a', Arn },
    { Id: 'b', Arn: `${Arn}-b` },
  ]);
  events.putRule({ Name: 'two', EventPattern: '{"source":["aws.s3"]}' }, [{ Id: 'a', Arn }]);
  events.putRule({ Name: 'other', EventPattern: '{"source":["aws.ec2"]}' }, [{ Id: 'a', Arn }]);
  const id = events.publish(objectCreated);
  await events.idle();
  expect(delivered.map(({ arn }) => arn).toSorted()).toEqual([Arn, Arn, `${Arn}-b`]);
  expect(JSON.parse(delivered[0]!.payload)).toEqual({
    version: '0',
    id,
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '000000000000',
    time: '2027-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:s3:::landing'],
    detail: objectCreated.detail,
  });
});

it('hands nothing on for a disabled rule', async () => {
  const { events, delivered } = open();
  events.putRule({ Name: 'off', EventPattern, State: 'DISABLED' }, [{ Id: 'a', Arn }]);
  events.publish(objectCreated);
  await events.idle();
  expect(delivered).toEqual([]);
});

it('transforms the input: constants, paths and templates', async () => {
  const { events, delivered } = open();
  const paths = { key: '$.detail.object.key', size: '$.detail.object.size', none: '$.detail.none' };
  events.putRule({ Name: 'rule', EventPattern }, [
    { Id: '1', Arn: 'arn:1', Input: '{"constant":1}' },
    { Id: '2', Arn: 'arn:2', InputPath: '$.detail.object' },
    {
      Id: '3',
      Arn: 'arn:3',
      InputTransformer: {
        InputPathsMap: paths,
        InputTemplate:
          '{"key":<key>,"text":"<key> has <size> bytes","size":<size>,"none":<none>,"rule":<aws.events.rule-name>,"event":<aws.events.event.json>}',
      },
    },
    {
      Id: '4',
      Arn: 'arn:4',
      InputTransformer: { InputPathsMap: paths, InputTemplate: '"<key> has <size> bytes"' },
    },
  ]);
  events.publish(objectCreated);
  await events.idle();
  const byArn = Object.fromEntries(
    delivered.map(({ arn, payload }) => [arn, JSON.parse(payload) as unknown]),
  );
  expect(byArn).toEqual({
    'arn:1': { constant: 1 },
    'arn:2': objectCreated.detail.object,
    'arn:3': {
      key: 'acme/"a".csv',
      text: 'acme/"a".csv has 42 bytes',
      size: 42,
      none: null,
      rule: 'rule',
      event: expect.objectContaining({ source: 'aws.s3', detail: objectCreated.detail }),
    },
    'arn:4': 'acme/"a".csv has 42 bytes',
  });
});

it('tries again until a target accepts', async () => {
  let attempts = 0;
  const { events, clock } = open({
    deliver: async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('busy');
    },
  });
  events.putRule({ Name: 'rule', EventPattern }, [{ Id: 'a', Arn }]);
  events.publish(objectCreated);
  await expect
    .poll(() => {
      clock.now += 1000;
      events.tick();
      return attempts;
    })
    .toBe(3);
  await events.idle();
  clock.now += 3_600_000;
  events.tick();
  await events.idle();
  expect(attempts).toBe(3);
});

it('sends what no target accepts to the dead letter queue, saying why', async () => {
  const { events, clock, dead } = open({
    deliver: async () => {
      throw new RangeError('too much');
    },
  });
  events.putRule({ Name: 'rule', EventPattern }, [
    {
      Id: 'a',
      Arn,
      RetryPolicy: { MaximumRetryAttempts: 1 },
      DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
    },
  ]);
  events.publish(objectCreated);
  await expect
    .poll(() => {
      clock.now += 1000;
      events.tick();
      return dead;
    })
    .toEqual([
      {
        arn: 'arn:aws:sqs:us-east-1:000000000000:dead',
        body: expect.stringContaining('acme/'),
        attributes: {
          RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/rule',
          TARGET_ARN: Arn,
          ERROR_CODE: 'RangeError',
          ERROR_MESSAGE: 'too much',
        },
      },
    ]);
});

it('says so when a dead letter queue is not there, and does not try for ever', async () => {
  const lines: string[] = [];
  let attempts = 0;
  const { events } = open({
    log: createLog((line) => lines.push(line)),
    deliver: async () => {
      attempts += 1;
      throw new Error('broken');
    },
    sendToQueue: () => {
      throw new Error('no such queue');
    },
  });
  events.putRule({ Name: 'rule', EventPattern }, [
    {
      Id: 'a',
      Arn,
      RetryPolicy: { MaximumRetryAttempts: 0 },
      DeadLetterConfig: { Arn: 'arn:dead' },
    },
  ]);
  events.publish(objectCreated);
  await events.idle();
  events.tick();
  await events.idle();
  expect(attempts).toBe(1);
  expect(lines.join()).toContain('a dead letter was lost');
});

it('gives up an event that has grown too old', async () => {
  const { events, clock, dead } = open({
    deliver: async () => {
      throw new Error('busy');
    },
  });
  events.putRule({ Name: 'rule', EventPattern }, [
    {
      Id: 'a',
      Arn,
      RetryPolicy: { MaximumEventAgeInSeconds: 60 },
      DeadLetterConfig: { Arn: 'arn:dead' },
    },
  ]);
  events.publish(objectCreated);
  await events.idle();
  expect(dead).toEqual([]);
  clock.now += 61_000;
  events.tick();
  await events.idle();
  expect(dead).toHaveLength(1);
});

it('delivers after a restart what was published before it', async () => {
  const folder = temporaryFolder();
  const first = open({
    folder,
    deliver: (_arn, _payload, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('stopped'))),
      ),
  });
  first.events.putRule({ Name: 'rule', EventPattern }, [{ Id: 'a', Arn }]);
  first.events.publish(objectCreated);
  await first.close();
  const second = open({ folder });
  await second.events.idle();
  expect(second.delivered).toHaveLength(1);
  second.events.publish(objectCreated);
  await second.events.idle();
  expect(second.delivered).toHaveLength(2);
});

it('keeps deliveries back while it is paused, without counting them as tried', async () => {
  const { events, delivered } = open({ paused: true });
  events.putRule({ Name: 'rule', EventPattern }, [
    { Id: 'a', Arn, RetryPolicy: { MaximumRetryAttempts: 0 } },
  ]);
  events.publish(objectCreated);
  events.tick();
  await events.idle();
  expect(delivered).toEqual([]);
  events.resume();
  await events.idle();
  expect(delivered).toHaveLength(1);
});

it('fires scheduled rules on time, a rate first after one interval, none of those missed', async () => {
  const { events, clock, delivered } = open();
  events.putRule({ Name: 'rate', ScheduleExpression: 'rate(5 minutes)' }, [{ Id: 'a', Arn }]);
  events.putRule({ Name: 'cron', ScheduleExpression: 'cron(0 2 * * ? *)' }, [
    { Id: 'a', Arn: 'arn:cron' },
  ]);
  const to = async (time: string) => {
    clock.now = Date.parse(time);
    events.tick();
    await events.idle();
  };
  await to('2027-01-01T00:04:59Z');
  expect(delivered).toEqual([]);
  await to('2027-01-01T00:05:00Z');
  expect(delivered).toHaveLength(1);
  expect(JSON.parse(delivered[0]!.payload)).toMatchObject({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    time: '2027-01-01T00:05:00Z',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/rate'],
    detail: {},
  });
  await to('2027-01-01T01:59:00Z');
  expect(delivered).toHaveLength(2);
  await to('2027-01-01T02:00:00Z');
  expect(
    delivered
      .map(({ arn }) => arn)
      .slice(2)
      .toSorted(),
  ).toEqual(['arn:cron', Arn].toSorted());
});

it('makes a rule what the template says now, with exactly its targets', async () => {
  const { events, delivered } = open();
  events.putRule({ Name: 'rule', EventPattern }, [
    { Id: 'a', Arn: 'arn:a' },
    { Id: 'b', Arn: 'arn:b' },
  ]);
  events.putRule({ Name: 'rule', EventPattern }, [{ Id: 'b', Arn: 'arn:b2' }]);
  events.publish(objectCreated);
  await events.idle();
  expect(delivered.map(({ arn }) => arn)).toEqual(['arn:b2']);
});

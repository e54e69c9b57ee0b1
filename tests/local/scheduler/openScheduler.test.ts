import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { expect, it, onTestFinished } from 'vitest';
import {
  type LocalSchedulerOptions,
  openScheduler,
} from '../../../local/scheduler/openScheduler.ts';
import { failureOf } from '../failureOf.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

const Arn = 'arn:aws:lambda:us-east-1:000000000000:function:trigger';
const start = Date.parse('2027-01-01T00:00:00Z');

/** A Scheduler with a clock of the test's own. */
async function open(options: Partial<LocalSchedulerOptions> = {}) {
  const clock = { now: start };
  const fired: { arn: string; input: unknown; at: number }[] = [];
  const dead: { arn: string; body: string; attributes: Readonly<Record<string, string>> }[] = [];
  const scheduler = openScheduler({
    folder: temporaryFolder(),
    now: () => clock.now,
    deliver: async (arn, payload) => {
      fired.push({ arn, input: JSON.parse(payload), at: clock.now });
    },
    sendToQueue: (arn, body, attributes) => void dead.push({ arn, body, attributes }),
    retryMilliseconds: 1,
    ...options,
  });
  const host = await hostServices(scheduler);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await host.close();
    isOpen = false;
  };
  onTestFinished(close);
  const client = new SchedulerClient({ ...localClientConfig, endpoint: host.endpoint });
  return {
    clock,
    fired,
    dead,
    client,
    close,
    /** Moves the clock to a time, firing what is due by then. */
    to: async (time: string) => {
      clock.now = Date.parse(time);
      scheduler.tick();
      await scheduler.idle();
    },
    create: (more: Partial<CreateScheduleCommandInput>) =>
      client.send(
        new CreateScheduleCommand({
          Name: 'nightly',
          ScheduleExpression: 'cron(0 2 * * ? *)',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: { Arn, RoleArn: 'arn:aws:iam::000000000000:role/r', Input: '{"n":1}' },
          ...more,
        }),
      ),
  };
}

it('fires on time, once each time, with its input', async () => {
  const { to, fired, create } = await open();
  await create({});
  await to('2027-01-01T01:59:59Z');
  expect(fired).toEqual([]);
  await to('2027-01-01T02:00:00Z');
  await to('2027-01-01T02:00:30Z');
  expect(fired.map(({ arn, input }) => [arn, input])).toEqual([[Arn, { n: 1 }]]);
  await to('2027-01-02T02:00:00Z');
  expect(fired).toHaveLength(2);
});

it('fills in what it knows about the firing, with a new execution id for each attempt', async () => {
  const inputs: Record<string, string>[] = [];
  const { to, create } = await open({
    deliver: async (_arn, payload) => {
      inputs.push(JSON.parse(payload));
      if (inputs.length < 3) throw new Error('not yet');
    },
  });
  await create({
    ScheduleExpressionTimezone: 'America/New_York',
    Target: {
      Arn,
      RoleArn: 'arn:aws:iam::000000000000:role/r',
      Input:
        '{"time":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>","arn":"<aws.scheduler.schedule-arn>","attempt":"<aws.scheduler.attempt-number>"}',
    },
  });
  await to('2027-01-01T07:00:20Z');
  await to('2027-01-01T07:00:21Z');
  await to('2027-01-01T07:00:22Z');
  expect(inputs).toHaveLength(3);
  expect(inputs.map(({ time, arn, attempt }) => [time, arn, attempt])).toEqual(
    ['1', '2', '3'].map((attempt) => [
      '2027-01-01T07:00:00Z',
      'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly',
      attempt,
    ]),
  );
  expect(new Set(inputs.map(({ id }) => id)).size).toBe(3);
});

it('sends a target without input a scheduled event', async () => {
  const { to, fired, create } = await open();
  await create({ Target: { Arn, RoleArn: 'arn:aws:iam::000000000000:role/r' } });
  await to('2027-01-01T02:00:00Z');
  expect(fired[0]?.input).toMatchObject({
    source: 'aws.scheduler',
    'detail-type': 'Scheduled Event',
    time: '2027-01-01T02:00:00Z',
    resources: ['arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly'],
  });
});

it('gives a firing up after its retries, and sends it to the dead letter queue', async () => {
  const deadArn = 'arn:aws:sqs:us-east-1:000000000000:dead';
  let attempts = 0;
  const { to, dead, create } = await open({
    deliver: async () => {
      attempts += 1;
      throw new TypeError('broken function');
    },
  });
  await create({
    Target: {
      Arn,
      RoleArn: 'arn:aws:iam::000000000000:role/r',
      Input: '{"n":1}',
      RetryPolicy: { MaximumRetryAttempts: 2 },
      DeadLetterConfig: { Arn: deadArn },
    },
  });
  for (const second of [0, 1, 2, 3, 4]) await to(`2027-01-01T02:00:0${second}Z`);
  expect(attempts).toBe(3);
  expect(dead).toEqual([
    {
      arn: deadArn,
      body: '{"n":1}',
      attributes: expect.objectContaining({
        ERROR_CODE: 'TypeError',
        ERROR_MESSAGE: 'broken function',
        TARGET_ARN: Arn,
      }),
    },
  ]);
});

it('spreads firings over a flexible window, and tells the scheduled time all the same', async () => {
  const { to, fired, create } = await open({ random: () => 0.5 });
  await create({
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 },
    Target: {
      Arn,
      RoleArn: 'arn:aws:iam::000000000000:role/r',
      Input: '{"time":"<aws.scheduler.scheduled-time>"}',
    },
  });
  await to('2027-01-01T02:14:59Z');
  expect(fired).toEqual([]);
  await to('2027-01-01T02:15:00Z');
  expect(fired.map(({ input }) => input)).toEqual([{ time: '2027-01-01T02:00:00Z' }]);
});

it('fires a rate at once without a start date, and from it with one', async () => {
  const { to, fired, create } = await open();
  await create({ Name: 'now', ScheduleExpression: 'rate(5 minutes)' });
  await create({
    Name: 'later',
    ScheduleExpression: 'rate(5 minutes)',
    StartDate: new Date('2027-01-01T00:02:00Z'),
  });
  await to('2027-01-01T00:00:00Z');
  expect(fired).toHaveLength(1);
  await to('2027-01-01T00:02:00Z');
  expect(fired).toHaveLength(2);
  await to('2027-01-01T00:05:00Z');
  await to('2027-01-01T00:07:00Z');
  expect(fired).toHaveLength(4);
});

it('fires only between its start and end dates, and never while disabled', async () => {
  const { to, fired, create } = await open();
  await create({ Name: 'off', State: 'DISABLED' });
  await create({
    StartDate: new Date('2027-01-02T00:00:00Z'),
    EndDate: new Date('2027-01-03T12:00:00Z'),
  });
  for (const day of [1, 2, 3, 4]) await to(`2027-01-0${day}T02:00:00Z`);
  expect(fired.map(({ at }) => new Date(at).getUTCDate())).toEqual([2, 3]);
});

it('removes a schedule after its last firing when asked to', async () => {
  const { to, fired, create, client } = await open();
  await create({
    Name: 'once',
    ScheduleExpression: 'at(2027-01-01T03:00:00)',
    ActionAfterCompletion: 'DELETE',
  });
  await create({ Name: 'kept', ScheduleExpression: 'at(2027-01-01T03:00:00)' });
  await to('2027-01-01T03:00:00Z');
  expect(fired).toHaveLength(2);
  const { Schedules } = await client.send(new ListSchedulesCommand({}));
  expect(Schedules?.map(({ Name }) => Name)).toEqual(['kept']);
});

it('does not make up for what it missed while it was down', async () => {
  const folder = temporaryFolder();
  const first = await open({ folder });
  await first.create({});
  await first.close();
  const fired: string[] = [];
  const second = await open({
    folder,
    now: () => Date.parse('2027-01-05T12:00:00Z'),
    deliver: async (_arn, payload) => void fired.push(payload),
  });
  expect(fired).toEqual([]);
  const { Name } = await second.client.send(new GetScheduleCommand({ Name: 'nightly' }));
  expect(Name).toBe('nightly');
});

it('fires once, not many times, after its clock stood still', async () => {
  const { to, fired, create } = await open();
  await create({ ScheduleExpression: 'rate(1 minute)' });
  await to('2027-01-01T00:00:00Z');
  await to('2027-01-01T08:00:00Z');
  // Its own timer may be about to fire the others.
  await new Promise((resolve) => setTimeout(resolve, 300));
  // At the start, once late, and the one of 08:00 itself.
  expect(fired).toHaveLength(3);
});

it('delivers after a restart what had fired and was not accepted', async () => {
  const folder = temporaryFolder();
  const first = await open({
    folder,
    deliver: (_arn, _payload, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('stopped'))),
      ),
  });
  await first.create({});
  first.clock.now = Date.parse('2027-01-01T02:00:00Z');
  void first.to('2027-01-01T02:00:00Z');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await first.close();
  const fired: string[] = [];
  await open({
    folder,
    now: () => Date.parse('2027-01-01T02:05:00Z'),
    deliver: async (_arn, payload) => void fired.push(payload),
  });
  await expect.poll(() => fired).toEqual(['{"n":1}']);
});

it('fires by itself', async () => {
  const fired: string[] = [];
  const { create } = await open({
    now: Date.now,
    deliver: async (_arn, payload) => void fired.push(payload),
  });
  const soon = new Date(Date.now() + 1500).toISOString().slice(0, 19);
  await create({ ScheduleExpression: `at(${soon})` });
  await expect.poll(() => fired, { timeout: 5000 }).toEqual(['{"n":1}']);
});

it('refuses universal targets', async () => {
  const { create } = await open();
  const error = await failureOf(
    create({
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage',
        RoleArn: 'arn:aws:iam::000000000000:role/r',
      },
    }),
  );
  expect(error.message).toContain('no universal targets');
});

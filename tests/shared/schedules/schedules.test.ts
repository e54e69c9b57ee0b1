import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, expect, it } from 'vitest';
import { eventBridgeSchedules } from '../../../shared/schedules/schedules.ts';

const scheduler = mockClient(SchedulerClient);
beforeEach(() => scheduler.reset());

const schedules = eventBridgeSchedules(new SchedulerClient({ region: 'us-east-1' }), {
  group: 'headgate-dev',
  roleArn: 'arn:role',
  targetArn: 'arn:target',
  dlqArn: 'arn:dlq',
});
const source = {
  tenant: 'acme',
  sourceId: '01m7yvbm9epq5kc4sc8j76cj26',
  status: 'active',
  schedule: { cron: '0 */2 * * *', timezone: 'Europe/Berlin' },
} as const;
const now = new Date('2026-05-05T05:05:05Z');
const missing = new ResourceNotFoundException({ Message: 'none', $metadata: {}, message: 'none' });

const whole = {
  GroupName: 'headgate-dev',
  Name: source.sourceId,
  ScheduleExpression: 'cron(0 0/2 * * ? *)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
  FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
  State: 'ENABLED',
  Target: {
    Arn: 'arn:target',
    RoleArn: 'arn:role',
    DeadLetterConfig: { Arn: 'arn:dlq' },
    RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 },
    Input: JSON.stringify({
      tenant: 'acme',
      sourceId: source.sourceId,
      scheduledTime: '<aws.scheduler.scheduled-time>',
    }),
  },
} as const;

it('updates a schedule that is there, whole', async () => {
  scheduler.on(UpdateScheduleCommand).resolves({});
  await schedules.agree(source, now);
  expect(scheduler).toHaveReceivedCommandExactlyOnceWith(UpdateScheduleCommand, whole);
  expect(scheduler).not.toHaveReceivedCommand(CreateScheduleCommand);
});

it('creates one that is not, also when somebody else does so meanwhile', async () => {
  scheduler.on(UpdateScheduleCommand).rejectsOnce(missing).resolves({});
  scheduler
    .on(CreateScheduleCommand)
    .rejects(new ConflictException({ Message: 'there', $metadata: {}, message: 'there' }));
  await schedules.agree(source, now);
  expect(scheduler).toHaveReceivedCommandExactlyOnceWith(CreateScheduleCommand, whole);
  expect(scheduler).toHaveReceivedCommandTimes(UpdateScheduleCommand, 2);
});

it.each([
  [{ status: 'paused' as const }],
  [{ status: 'draft' as const }],
  [{ status: 'archived' as const }],
  [{ schedule: null }],
])('removes it for %o, also when there is none', async (change) => {
  scheduler.on(DeleteScheduleCommand).rejects(missing);
  await schedules.agree({ ...source, ...change }, now);
  expect(scheduler).toHaveReceivedCommandWith(DeleteScheduleCommand, {
    GroupName: 'headgate-dev',
    Name: source.sourceId,
  });
});

it.each([
  ['* * * * *', { Mode: 'OFF' }],
  ['*/15 * * * *', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1 }],
  ['0 * * * *', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 }],
])('spreads %s by %o, so that firings never meet', async (cron, FlexibleTimeWindow) => {
  scheduler.on(UpdateScheduleCommand).resolves({});
  await schedules.agree({ ...source, schedule: { cron, timezone: 'UTC' } }, now);
  expect(scheduler).toHaveReceivedCommandWith(UpdateScheduleCommand, {
    FlexibleTimeWindow,
  } as never);
});

it('rings apart for the comparison of keys', async () => {
  scheduler.on(UpdateScheduleCommand).resolves({});
  const detectDeletes = { cron: '30 4 * * 0', timezone: 'UTC' };
  await schedules.agree({ ...source, schedule: null, rules: { detectDeletes } }, now);
  expect(scheduler).toHaveReceivedCommandExactlyOnceWith(UpdateScheduleCommand, {
    Name: `${source.sourceId}-detect-deletes`,
    ScheduleExpression: 'cron(30 4 ? * SUN *)',
  } as never);
  const input = scheduler.commandCalls(UpdateScheduleCommand)[0]?.args[0].input.Target?.Input;
  expect(JSON.parse(input ?? '{}')).toMatchObject({ kind: 'detect_deletes' });
  expect(scheduler).toHaveReceivedCommandExactlyOnceWith(DeleteScheduleCommand, {
    GroupName: 'headgate-dev',
    Name: source.sourceId,
  });
});

it('passes on what it cannot name', async () => {
  scheduler.on(UpdateScheduleCommand).rejects(new Error('AccessDenied'));
  await expect(schedules.agree(source, now)).rejects.toThrow('AccessDenied');
});

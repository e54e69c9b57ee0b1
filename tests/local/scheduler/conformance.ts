import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  SchedulerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';

/** The Scheduler API Headgate relies on. The same promises hold for any endpoint. */
export function describeScheduler(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  describeConformance(name, connect, differs, (promise, endpoint) => {
    const client = () =>
      new SchedulerClient({ ...localClientConfig, endpoint: endpoint(), maxAttempts: 1 });
    const Target = {
      Arn: 'arn:aws:lambda:us-east-1:000000000000:function:trigger',
      RoleArn: 'arn:aws:iam::000000000000:role/scheduler',
      Input: '{"sourceId":"s","time":"<aws.scheduler.scheduled-time>"}',
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
      DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
    };
    const schedule = (more: Partial<CreateScheduleCommandInput> = {}) => ({
      Name: uniqueName('s'),
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'America/New_York',
      FlexibleTimeWindow: { Mode: 'OFF' as const },
      State: 'DISABLED' as const,
      Target,
      ...more,
    });
    const newGroup = async () => {
      const Name = uniqueName('g');
      const created = await client().send(
        new CreateScheduleGroupCommand({ Name, Tags: [{ Key: 'stage', Value: 'dev' }] }),
      );
      return { Name, arn: created.ScheduleGroupArn ?? '' };
    };
    const create = (input: CreateScheduleCommandInput) =>
      client().send(new CreateScheduleCommand(input));

    promise('gives back a schedule as it was created', async () => {
      const { Name: GroupName } = await newGroup();
      const input = schedule({
        GroupName,
        Description: 'daily',
        StartDate: new Date('2030-01-01T00:00:00Z'),
        EndDate: new Date('2031-01-01T00:00:00Z'),
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      });
      const { ScheduleArn } = await create(input);
      expect(ScheduleArn).toMatch(
        new RegExp(`^arn:aws:scheduler:us-east-1:\\d{12}:schedule/${GroupName}/${input.Name}$`),
      );
      const answer = await client().send(new GetScheduleCommand({ GroupName, Name: input.Name }));
      expect(answer).toMatchObject({ ...input, Arn: ScheduleArn });
      expect(answer.CreationDate).toBeInstanceOf(Date);
    });

    promise('puts a schedule into the default group when none is named', async () => {
      const input = schedule();
      await create(input);
      const answer = await client().send(new GetScheduleCommand({ Name: input.Name }));
      expect(answer.GroupName).toBe('default');
      expect(answer.Arn).toContain(`:schedule/default/${input.Name}`);
    });

    promise('refuses a schedule twice in a group, and takes it in another', async () => {
      const input = schedule();
      await create(input);
      expect((await failureOf(create(input))).name).toBe('ConflictException');
      const { Name: GroupName } = await newGroup();
      await create({ ...input, GroupName });
    });

    promise('replaces everything with an update', async () => {
      const input = schedule({ Description: 'before' });
      await create(input);
      await client().send(
        new UpdateScheduleCommand({
          ...schedule({ Name: input.Name, ScheduleExpression: 'rate(5 minutes)' }),
          State: 'ENABLED',
        }),
      );
      const answer = await client().send(new GetScheduleCommand({ Name: input.Name }));
      expect(answer).toMatchObject({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
      expect(answer.Description).toBeUndefined();
    });

    promise('deletes a schedule', async () => {
      const { Name } = schedule();
      await create(schedule({ Name }));
      await client().send(new DeleteScheduleCommand({ Name }));
      const error = await failureOf(client().send(new GetScheduleCommand({ Name })));
      expect(error.name).toBe('ResourceNotFoundException');
    });

    promise('lists schedules by group, prefix and state, in pages', async () => {
      const { Name: GroupName } = await newGroup();
      for (const Name of ['a-1', 'a-2', 'a-3', 'b-1'])
        await create(schedule({ GroupName, Name, State: Name === 'a-3' ? 'ENABLED' : 'DISABLED' }));
      const list = async (more: object): Promise<unknown[]> => {
        const names: unknown[] = [];
        let NextToken: string | undefined;
        do {
          const page = await client().send(
            new ListSchedulesCommand({
              GroupName,
              MaxResults: 2,
              ...more,
              ...(NextToken === undefined ? {} : { NextToken }),
            }),
          );
          expect(page.Schedules?.length).toBeLessThanOrEqual(2);
          names.push(...(page.Schedules ?? []).map(({ Name }) => Name));
          NextToken = page.NextToken;
        } while (NextToken !== undefined);
        return names.toSorted();
      };
      expect(await list({})).toEqual(['a-1', 'a-2', 'a-3', 'b-1']);
      expect(await list({ NamePrefix: 'a-' })).toEqual(['a-1', 'a-2', 'a-3']);
      expect(await list({ NamePrefix: 'a-', State: 'ENABLED' })).toEqual(['a-3']);
    });

    promise('takes the expressions that AWS takes', async () => {
      for (const ScheduleExpression of [
        'rate(1 minute)',
        'rate(12 hours)',
        'at(2040-05-06T07:08:09)',
        'cron(0/15 * * * ? *)',
        'cron(0 10 ? * MON-FRI *)',
        'cron(0 18 L * ? 2040-2045)',
        'cron(30 8 ? * 2#1 *)',
        'cron(0 9 15W * ? *)',
      ])
        await create(schedule({ ScheduleExpression }));
    });

    promise('refuses the expressions that AWS refuses', async () => {
      for (const ScheduleExpression of [
        'rate(0 minutes)',
        'rate(5 seconds)',
        'rate(5 minute)',
        'cron(0 2 * * *)',
        'cron(0 2 * * * *)',
        'cron(61 2 * * ? *)',
        'at(tomorrow)',
        'every day',
      ])
        expect([
          ScheduleExpression,
          (await failureOf(create(schedule({ ScheduleExpression })))).name,
        ]).toEqual([ScheduleExpression, 'ValidationException']);
    });

    promise('refuses an unknown time zone, window or target', async () => {
      for (const more of [
        { ScheduleExpressionTimezone: 'Mars/Olympus' },
        { FlexibleTimeWindow: { Mode: 'FLEXIBLE' as const } },
        { Target: { Arn: 'nonsense', RoleArn: Target.RoleArn } },
        { Name: 'with space' },
      ])
        expect((await failureOf(create(schedule(more)))).name).toBe('ValidationException');
    });

    promise('creates, tells, lists and deletes groups with their schedules', async () => {
      const { Name, arn } = await newGroup();
      expect((await failureOf(client().send(new CreateScheduleGroupCommand({ Name })))).name).toBe(
        'ConflictException',
      );
      const group = await client().send(new GetScheduleGroupCommand({ Name }));
      expect(group).toMatchObject({ Name, Arn: arn, State: 'ACTIVE' });
      const { ScheduleGroups } = await client().send(
        new ListScheduleGroupsCommand({ NamePrefix: Name }),
      );
      expect(ScheduleGroups?.map((one) => one.Name)).toEqual([Name]);
      const input = schedule({ GroupName: Name });
      await create(input);
      await client().send(new DeleteScheduleGroupCommand({ Name }));
      const gone = new GetScheduleCommand({ GroupName: Name, Name: input.Name });
      expect((await failureOf(client().send(gone))).name).toBe('ResourceNotFoundException');
    });

    promise('tags groups', async () => {
      const { arn: ResourceArn } = await newGroup();
      await client().send(
        new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'team', Value: 'data' }] }),
      );
      await client().send(new UntagResourceCommand({ ResourceArn, TagKeys: ['stage'] }));
      const { Tags } = await client().send(new ListTagsForResourceCommand({ ResourceArn }));
      expect(Tags).toEqual([{ Key: 'team', Value: 'data' }]);
    });

    promise('answers what is not there with ResourceNotFoundException', async () => {
      const Name = uniqueName('missing');
      for (const call of [
        () => client().send(new GetScheduleCommand({ Name })),
        () => client().send(new DeleteScheduleCommand({ Name })),
        () => client().send(new UpdateScheduleCommand(schedule({ Name }))),
        () => create(schedule({ GroupName: Name })),
        () => client().send(new GetScheduleGroupCommand({ Name })),
      ])
        expect((await failureOf(call())).name).toBe('ResourceNotFoundException');
    });
  });
}

import * as z from 'zod';
import { localAccount } from '../localService.ts';

/** Names of schedules and of groups (API reference). */
export const scheduleName = z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/);

/** SDKs send dates as epoch seconds. */
const epochSeconds = z.number();

const target = z.strictObject({
  Arn: z.string().startsWith('arn:').max(1600),
  RoleArn: z.string().min(1).max(1600),
  Input: z.string().min(1).optional(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
    })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
  SqsParameters: z.strictObject({ MessageGroupId: z.string().optional() }).optional(),
});

const flexibleWindow = z
  .strictObject({
    Mode: z.enum(['OFF', 'FLEXIBLE']),
    MaximumWindowInMinutes: z.int().min(1).max(1440).optional(),
  })
  .refine(
    ({ Mode, MaximumWindowInMinutes }) =>
      (Mode === 'FLEXIBLE') === (MaximumWindowInMinutes !== undefined),
    { error: 'MaximumWindowInMinutes goes with mode FLEXIBLE' },
  );

/** What CreateSchedule and UpdateSchedule take; an update replaces everything. */
export const scheduleInput = z.strictObject({
  GroupName: scheduleName.default('default'),
  ScheduleExpression: z.string().min(1).max(256),
  ScheduleExpressionTimezone: z.string().min(1).max(50).default('UTC'),
  StartDate: epochSeconds.optional(),
  EndDate: epochSeconds.optional(),
  Description: z.string().max(512).optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  KmsKeyArn: z.string().optional(),
  Target: target,
  FlexibleTimeWindow: flexibleWindow,
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  ClientToken: z.string().max(64).optional(),
});
export type ScheduleInput = z.infer<typeof scheduleInput>;

/** A schedule as stored. */
export interface Schedule extends Omit<ScheduleInput, 'ClientToken'> {
  readonly Name: string;
  /** Epoch seconds. */
  readonly CreationDate: number;
  readonly LastModificationDate: number;
}

export const scheduleArn = (group: string, name: string): string =>
  `arn:aws:scheduler:${localAccount.region}:${localAccount.accountId}:schedule/${group}/${name}`;
export const groupArn = (group: string): string =>
  `arn:aws:scheduler:${localAccount.region}:${localAccount.accountId}:schedule-group/${group}`;

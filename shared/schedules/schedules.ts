import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import type { SourceItem } from '../sources/sourceItem.ts';
import { cronFields, readCron } from './cronExpression.ts';
import { nextTimes } from './nextTimes.ts';

type ScheduledSource = Pick<SourceItem, 'tenant' | 'sourceId' | 'status' | 'schedule'>;

/** The alarm clock of sources. */
export interface Schedules {
  /** Makes the clock agree with the source: it rings only while the source is active and has a schedule. */
  agree(source: ScheduledSource, now: Date): Promise<void>;
  /** Forgets a source; one that has no schedule is fine. */
  remove(sourceId: string): Promise<void>;
}

export interface ScheduleSettings {
  readonly group: string;
  /** Assumed by EventBridge Scheduler to invoke the target. */
  readonly roleArn: string;
  /** The schedule trigger function. */
  readonly targetArn: string;
  /** Queue for firings that could not be delivered. */
  readonly dlqArn: string;
}

/**
 * One EventBridge schedule per source, named by the source's id. The flexible window is the jitter that keeps
 * sources with the same hour apart: EventBridge picks a moment in it for each schedule.
 */
export function eventBridgeSchedules(
  client: SchedulerClient,
  settings: ScheduleSettings,
): Schedules {
  const remove = async (sourceId: string): Promise<void> => {
    try {
      await client.send(new DeleteScheduleCommand({ GroupName: settings.group, Name: sourceId }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  };
  return {
    remove,
    async agree(source, now) {
      if (source.status !== 'active' || source.schedule === null) {
        await remove(source.sourceId);
        return;
      }
      const input = scheduleInput(source, settings, now);
      try {
        await client.send(new UpdateScheduleCommand(input));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
        try {
          await client.send(new CreateScheduleCommand(input));
        } catch (conflict) {
          // Somebody created it in between.
          if (!(conflict instanceof ConflictException)) throw conflict;
          await client.send(new UpdateScheduleCommand(input));
        }
      }
    },
  };
}

/** An undelivered firing older than this is of no use: the next one does its work. */
const maxFiringAgeSeconds = 3600;

function scheduleInput(
  { tenant, sourceId, schedule }: ScheduledSource,
  settings: ScheduleSettings,
  now: Date,
): UpdateScheduleCommandInput {
  if (schedule === null) throw new TypeError('a source without a schedule');
  const minutes = windowMinutes(nextTimes(schedule, now, 2));
  return {
    GroupName: settings.group,
    Name: sourceId,
    ScheduleExpression: `cron(${cronFields(readCron(schedule.cron))})`,
    ScheduleExpressionTimezone: schedule.timezone,
    FlexibleTimeWindow:
      minutes === 0 ? { Mode: 'OFF' } : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: minutes },
    State: 'ENABLED',
    Target: {
      Arn: settings.targetArn,
      RoleArn: settings.roleArn,
      DeadLetterConfig: { Arn: settings.dlqArn },
      RetryPolicy: { MaximumEventAgeInSeconds: maxFiringAgeSeconds, MaximumRetryAttempts: 10 },
      // The scheduled time is the same for every delivery attempt of one firing, so it names the firing.
      Input: JSON.stringify({ tenant, sourceId, scheduledTime: '<aws.scheduler.scheduled-time>' }),
    },
  };
}

/** A twelfth of the time between two firings, at most five minutes, so that firings never come close. */
function windowMinutes([first, second]: readonly Date[]): number {
  if (first === undefined || second === undefined) return 5;
  return Math.min(5, Math.floor((second.getTime() - first.getTime()) / 60_000 / 12));
}

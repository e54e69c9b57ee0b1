import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import type { Schedule, SourceItem } from '../sources/sourceItem.ts';
import { cronFields, readCron } from './cronExpression.ts';
import { nextTimes } from './nextTimes.ts';

type ScheduledSource = Pick<SourceItem, 'tenant' | 'sourceId' | 'status' | 'schedule' | 'rules'>;

/** What a source is woken for. */
export type Alarm = 'ingest' | 'detect_deletes';

/** The alarm clock of sources. */
export interface Schedules {
  /** Makes the clock agree with the source: it rings only while the source is active, for what it has schedules for. */
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

const alarms: readonly Alarm[] = ['ingest', 'detect_deletes'];
const nameOf = (sourceId: string, alarm: Alarm): string =>
  alarm === 'ingest' ? sourceId : `${sourceId}-detect-deletes`;
export const scheduleOf = (
  { schedule, rules }: Pick<SourceItem, 'schedule' | 'rules'>,
  alarm: Alarm,
): Schedule | null => (alarm === 'ingest' ? schedule : (rules?.detectDeletes ?? null));

/**
 * One EventBridge schedule per source and alarm, named by the source's id. The flexible window is the jitter that keeps
 * sources with the same hour apart: EventBridge picks a moment in it for each schedule.
 */
export function eventBridgeSchedules(
  client: SchedulerClient,
  settings: ScheduleSettings,
): Schedules {
  const remove = async (Name: string): Promise<void> => {
    try {
      await client.send(new DeleteScheduleCommand({ GroupName: settings.group, Name }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
  };
  const put = async (input: UpdateScheduleCommandInput): Promise<void> => {
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
  };
  return {
    async remove(sourceId) {
      for (const alarm of alarms) await remove(nameOf(sourceId, alarm));
    },
    async agree(source, now) {
      for (const alarm of alarms) {
        const schedule = source.status === 'active' ? scheduleOf(source, alarm) : null;
        if (schedule === null) await remove(nameOf(source.sourceId, alarm));
        else await put(scheduleInput(source, alarm, schedule, settings, now));
      }
    },
  };
}

/** An undelivered firing older than this is of no use: the next one does its work. */
const maxFiringAgeSeconds = 3600;

function scheduleInput(
  { tenant, sourceId }: ScheduledSource,
  alarm: Alarm,
  schedule: Schedule,
  settings: ScheduleSettings,
  now: Date,
): UpdateScheduleCommandInput {
  const minutes = windowMinutes(nextTimes(schedule, now, 2));
  return {
    GroupName: settings.group,
    Name: nameOf(sourceId, alarm),
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
      Input: JSON.stringify({
        tenant,
        sourceId,
        ...(alarm === 'ingest' ? {} : { kind: alarm }),
        scheduledTime: '<aws.scheduler.scheduled-time>',
      }),
    },
  };
}

/** A twelfth of the time between two firings, at most five minutes, so that firings never come close. */
function windowMinutes([first, second]: readonly Date[]): number {
  if (first === undefined || second === undefined) return 5;
  return Math.min(5, Math.floor((second.getTime() - first.getTime()) / 60_000 / 12));
}

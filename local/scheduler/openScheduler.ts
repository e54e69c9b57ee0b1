import { randomUUID } from 'node:crypto';
import type { Log } from '../../shared/log.ts';
import { type LocalService, localAccount } from '../localService.ts';
import {
  type DeliverToTarget,
  DeliveryQueue,
  type SendToQueue,
} from '../protocol/deliveryQueue.ts';
import { signedService } from '../protocol/jsonService.ts';
import { handleRest } from '../protocol/restService.ts';
import { scheduleArn } from './schedule.ts';
import { routesOf } from './schedulerRoutes.ts';
import { type DueSchedule, ScheduleStore } from './scheduleStore.ts';

export interface LocalSchedulerOptions {
  readonly folder: string;
  /** Invokes a schedule's target, e.g. a Lambda function, with its input (JSON text). */
  readonly deliver: DeliverToTarget;
  /** Sends to the queue of a DeadLetterConfig. */
  readonly sendToQueue: SendToQueue;
  readonly now?: () => number;
  /** 0 ≤ x < 1; where in a flexible window a schedule fires. */
  readonly random?: () => number;
  /** Before the first retry of a failed delivery. Default 1000. */
  readonly retryMilliseconds?: number;
  /** Keep deliveries back until `resume` is called, because targets are not there yet. Default false. */
  readonly paused?: boolean;
  readonly log?: Log;
}

export interface LocalScheduler extends LocalService {
  /** Creates a schedule group unless it is there. */
  createGroup(name: string): void;
  /** Fires what is due by now; happens by itself on time, so only tests with their own clock call it. */
  tick(): void;
  /** Ends the pause that `paused` began. */
  resume(): void;
  /** Resolves when no delivery is under way. */
  idle(): Promise<void>;
}

/** Fired in one transaction; the rest follows at once. */
const firingsAtOnce = 100;
/** Also how soon a clock that was set is noticed. */
const longestSleep = 30_000;

/** The embedded EventBridge Scheduler. */
export function openScheduler(options: LocalSchedulerOptions): LocalScheduler {
  const now = options.now ?? Date.now;
  const store = new ScheduleStore(options.folder, now, options.random ?? Math.random);
  const queue = new DeliveryQueue({
    database: store.database,
    deliver: options.deliver,
    sendToQueue: options.sendToQueue,
    now,
    render,
    log: options.log,
    retryMilliseconds: options.retryMilliseconds,
    paused: options.paused,
  });
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const tick = (): void => {
    clearTimeout(timer);
    if (closed) return;
    try {
      while (store.takeDue(firingsAtOnce, (due) => fire(queue, due)) === firingsAtOnce);
      queue.wake();
    } catch (error) {
      options.log?.error('firing schedules failed', { error });
    }
    const due = (store.nextFiring() ?? Number.POSITIVE_INFINITY) - now();
    timer = setTimeout(tick, Math.min(Math.max(due, 1), longestSleep));
    timer.unref();
  };
  tick();
  const routes = routesOf(store, tick);
  return {
    name: 'scheduler',
    accepts: (request) => signedService(request) === 'scheduler',
    handle: (request, response) => handleRest('scheduler', routes, request, response, options.log),
    createGroup: (name) => {
      if (!store.hasGroup(name)) store.saveGroup({ name, created: now() / 1000, tags: {} });
    },
    tick,
    resume: () => queue.resume(),
    idle: () => queue.idle(),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await queue.close();
      if (store.database.isOpen) store.database.close();
    },
  };
}

interface Firing {
  readonly arn: string;
  readonly scheduledTime: string;
  readonly input: string | null;
}

function fire(queue: DeliveryQueue, { schedule, scheduled }: DueSchedule): void {
  const { Target } = schedule;
  const arn = scheduleArn(schedule.GroupName, schedule.Name);
  const scheduledTime = new Date(scheduled).toISOString().replace(/\.\d+Z$/, 'Z');
  const firing: Firing = { arn, scheduledTime, input: Target.Input ?? null };
  queue.add({
    targetArn: Target.Arn,
    payload: JSON.stringify(firing),
    retry: {
      maximumRetryAttempts: Target.RetryPolicy?.MaximumRetryAttempts ?? 185,
      maximumEventAgeSeconds: Target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    },
    deadLetterArn: Target.DeadLetterConfig?.Arn,
    attributes: { SCHEDULE_ARN: arn, TARGET_ARN: Target.Arn, SCHEDULED_TIME: scheduledTime },
  });
}

/** The input of one attempt. Context attributes are replaced as text; the execution id is new each time. */
function render(payload: string, attempt: number): string {
  const { arn, scheduledTime, input } = JSON.parse(payload) as Firing;
  const executionId = randomUUID();
  if (input === null) return JSON.stringify(scheduledEvent(arn, scheduledTime, executionId));
  return input
    .replaceAll('<aws.scheduler.schedule-arn>', arn)
    .replaceAll('<aws.scheduler.scheduled-time>', scheduledTime)
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', String(attempt + 1));
}

/** What a target without input gets. */
const scheduledEvent = (arn: string, time: string, id: string): object => ({
  version: '0',
  id,
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: localAccount.accountId,
  time,
  region: localAccount.region,
  resources: [arn],
  detail: '{}',
});

import { randomUUID } from 'node:crypto';
import type { Log } from '../../shared/log.ts';
import { type LocalService, localAccount } from '../localService.ts';
import {
  type DeliverToTarget,
  DeliveryQueue,
  type SendToQueue,
} from '../protocol/deliveryQueue.ts';
import { jsonService } from '../protocol/jsonService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { type PutRule, putRule, ruleOperations } from './eventOperations.ts';
import type { EventObject } from './eventPattern.ts';
import type { NewEvent } from './newEvent.ts';
import { type Rule, RuleStore, ruleArn, type Target } from './ruleStore.ts';
import { inputOf } from './targetInput.ts';

export interface LocalEventsOptions {
  readonly folder: string;
  /** Hands an event, or what a transformer made of it (JSON text), to a Lambda function, queue or machine. */
  readonly deliver: DeliverToTarget;
  readonly sendToQueue: SendToQueue;
  readonly now?: () => number;
  /** Before the first retry of a failed delivery. Default 1000. */
  readonly retryMilliseconds?: number;
  /** Keep deliveries back until `resume` is called, because targets are not there yet. Default false. */
  readonly paused?: boolean;
  readonly log?: Log;
}

export interface LocalEvents extends LocalService {
  /** Takes an event and stores its deliveries before it returns the event's id. */
  publish(event: NewEvent): string;
  /** Creates or replaces a rule and its targets, for the boot. */
  putRule(rule: PutRule, targets: readonly Target[]): void;
  /** Fires schedule rules that are due; happens by itself on time. */
  tick(): void;
  /** Ends the pause that `paused` began. */
  resume(): void;
  /** Resolves when no delivery is under way. */
  idle(): Promise<void>;
}

const longestSleep = 30_000;

/** The embedded EventBridge: the default bus, its rules and scheduled rules. */
export function openEvents(options: LocalEventsOptions): LocalEvents {
  const now = options.now ?? Date.now;
  const store = new RuleStore(options.folder);
  const queue = new DeliveryQueue({
    database: store.database,
    deliver: options.deliver,
    sendToQueue: options.sendToQueue,
    now,
    log: options.log,
    retryMilliseconds: options.retryMilliseconds,
    paused: options.paused,
  });
  const deliverTo = (rule: Rule, event: EventObject): void => {
    for (const target of store.targets(rule.name)) addDelivery(queue, rule, target, event, now());
  };
  const publish = (event: NewEvent): string => {
    const envelope = envelopeOf(event, now());
    inTransaction(store.database, () => {
      for (const { rule, matches } of store.enabled())
        if (matches?.(envelope) === true) deliverTo(rule, envelope);
    });
    queue.wake();
    return String(envelope['id']);
  };
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  /** What was due while nothing ran is not made up for. */
  let firedUntil = now();
  const tick = (): void => {
    clearTimeout(timer);
    if (closed) return;
    const at = now();
    let due = Number.POSITIVE_INFINITY;
    for (const { rule, times } of store.enabled()) {
      const time = times?.next(firedUntil);
      if (time !== undefined && time <= at) deliverTo(rule, scheduledEvent(rule, time));
      due = Math.min(due, times?.next(at) ?? Number.POSITIVE_INFINITY);
    }
    firedUntil = at;
    queue.wake();
    timer = setTimeout(tickLater, Math.min(Math.max(due - now(), 1), longestSleep));
    timer.unref();
  };
  /** `tick` where nobody would hear it fail. */
  const tickLater = (): void => {
    try {
      tick();
    } catch (error) {
      options.log?.error('scheduled rules cannot be fired', { error });
      timer = setTimeout(tickLater, longestSleep);
      timer.unref();
    }
  };
  tick();
  const service = jsonService({
    name: 'events',
    target: 'AWSEvents',
    jsonVersion: '1.1',
    operations: ruleOperations({ store, publish, now, changed: tick }),
    log: options.log,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await queue.close();
      if (store.database.isOpen) store.database.close();
    },
  });
  return {
    ...service,
    publish,
    tick,
    putRule: (rule, targets) => {
      inTransaction(store.database, () => {
        putRule(store, rule, now());
        const kept = new Set(targets.map(({ Id }) => Id));
        for (const { Id } of store.targets(rule.Name))
          if (!kept.has(Id)) store.removeTarget(rule.Name, Id);
        for (const target of targets) store.saveTarget(rule.Name, target);
      });
      tick();
    },
    resume: () => queue.resume(),
    idle: () => queue.idle(),
  };
}

const timeText = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

const envelopeOf = (event: NewEvent, now: number): EventObject => ({
  version: '0',
  id: randomUUID(),
  'detail-type': event.detailType,
  source: event.source,
  account: localAccount.accountId,
  time: timeText(event.time?.getTime() ?? now),
  region: localAccount.region,
  resources: [...(event.resources ?? [])],
  detail: event.detail,
});

const scheduledEvent = (rule: Rule, time: number): EventObject =>
  envelopeOf(
    {
      source: 'aws.events',
      detailType: 'Scheduled Event',
      resources: [ruleArn(rule.name)],
      detail: {},
      time: new Date(time),
    },
    time,
  );

function addDelivery(
  queue: DeliveryQueue,
  rule: Rule,
  target: Target,
  event: EventObject,
  now: number,
): void {
  const arn = ruleArn(rule.name);
  queue.add({
    targetArn: target.Arn,
    payload: inputOf(target, event, {
      ruleArn: arn,
      ruleName: rule.name,
      ingestionTime: new Date(now).toISOString(),
    }),
    retry: {
      maximumRetryAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? 185,
      maximumEventAgeSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    },
    deadLetterArn: target.DeadLetterConfig?.Arn,
    attributes: { RULE_ARN: arn, TARGET_ARN: target.Arn },
  });
}

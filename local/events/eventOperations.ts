import * as z from 'zod';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { compilePattern, type EventObject } from './eventPattern.ts';
import type { NewEvent } from './newEvent.ts';
import { type Rule, type RuleStore, ruleArn, type Target } from './ruleStore.ts';
import { checkPath, targetInput } from './targetInput.ts';

const busArn = `arn:aws:events:${localAccount.region}:${localAccount.accountId}:event-bus/default`;
const bus = z.string().optional();
const ruleName = z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/);
const tagList = z.array(z.strictObject({ Key: z.string(), Value: z.string() }));

const putRuleInput = z.strictObject({
  Name: ruleName,
  EventPattern: z.string().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  Description: z.string().max(512).optional(),
  RoleArn: z.string().optional(),
  Tags: tagList.optional(),
  EventBusName: bus,
});
export type PutRule = z.infer<typeof putRuleInput>;

const target = targetInput.extend({
  Id: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
  Arn: z.string().min(1).max(1600),
  RoleArn: z.string().optional(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
    })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
});

const eventEntry = z.strictObject({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  Time: z.number().optional(),
  EventBusName: bus,
  TraceHeader: z.string().optional(),
});

export interface EventOperationOptions {
  readonly store: RuleStore;
  readonly publish: (event: NewEvent) => string;
  readonly now: () => number;
  /** Called when scheduled rules may fire at other times than before. */
  readonly changed: () => void;
}

export function ruleOperations(options: EventOperationOptions): Record<string, Operation> {
  const { store, publish, now, changed } = options;
  const onRule = z.strictObject({ Name: ruleName, EventBusName: bus });
  const setState = (state: Rule['state']): Operation =>
    operation(onRule, ({ Name, EventBusName }) => {
      checkBus(EventBusName);
      store.save({ ...store.get(Name), state });
      changed();
    });
  return {
    PutEvents: operation(
      z.strictObject({ Entries: z.array(eventEntry).min(1).max(10) }),
      ({ Entries }) => {
        const results = Entries.map((entry) => putEvent(entry, publish));
        const failed = results.filter((result) => 'ErrorCode' in result).length;
        return { FailedEntryCount: failed, Entries: results };
      },
    ),
    PutRule: operation(putRuleInput, (input) => {
      putRule(store, input, now());
      changed();
      return { RuleArn: ruleArn(input.Name) };
    }),
    DescribeRule: operation(onRule, ({ Name, EventBusName }) => {
      checkBus(EventBusName);
      return describe(store.get(Name));
    }),
    EnableRule: setState('ENABLED'),
    DisableRule: setState('DISABLED'),
    DeleteRule: operation(onRule.extend({ Force: z.boolean().optional() }), ({ Name }) => {
      if (store.targets(Name).length > 0)
        throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
      store.remove(Name);
    }),
    ListRules: operation(
      z.strictObject({ NamePrefix: z.string().optional(), EventBusName: bus, ...paging }),
      ({ NamePrefix = '', EventBusName, ...rest }) => {
        checkBus(EventBusName);
        const names = store.names().filter((name) => name.startsWith(NamePrefix));
        const { page, NextToken } = pageOf(names, rest);
        return { Rules: page.map((name) => describe(store.get(name))), ...NextToken };
      },
    ),
    PutTargets: operation(
      z.strictObject({
        Rule: ruleName,
        EventBusName: bus,
        Targets: z.array(target.strict()).min(1).max(100),
      }),
      ({ Rule: rule, EventBusName, Targets }) => {
        checkBus(EventBusName);
        store.get(rule);
        for (const one of Targets) checkTarget(one);
        inTransaction(store.database, () => {
          for (const one of Targets) store.saveTarget(rule, one);
        });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    ),
    RemoveTargets: operation(
      z.strictObject({
        Rule: ruleName,
        EventBusName: bus,
        Ids: z.array(z.string()).min(1).max(100),
        Force: z.boolean().optional(),
      }),
      ({ Rule: rule, Ids }) => {
        store.get(rule);
        const missing = Ids.filter((id) => !store.removeTarget(rule, id));
        return {
          FailedEntryCount: missing.length,
          FailedEntries: missing.map((TargetId) => ({
            TargetId,
            ErrorCode: 'ResourceNotFoundException',
            ErrorMessage: `Rule ${rule} has no target ${TargetId}.`,
          })),
        };
      },
    ),
    ListTargetsByRule: operation(
      z.strictObject({ Rule: ruleName, EventBusName: bus, ...paging }),
      ({ Rule: rule, ...rest }) => {
        store.get(rule);
        const { page, NextToken } = pageOf(store.targets(rule), rest);
        return { Targets: page, ...NextToken };
      },
    ),
    TestEventPattern: operation(
      z.strictObject({ EventPattern: z.string(), Event: z.string() }),
      ({ EventPattern, Event }) => ({
        Result: compilePattern(EventPattern)(JSON.parse(Event) as EventObject),
      }),
    ),
  };
}

const paging = { Limit: z.int().min(1).max(100).optional(), NextToken: z.string().optional() };

function pageOf<Entry>(
  all: readonly Entry[],
  { Limit = 100, NextToken }: { Limit?: number | undefined; NextToken?: string | undefined },
): { readonly page: readonly Entry[]; readonly NextToken: { NextToken?: string } } {
  const from = NextToken === undefined ? 0 : Number(NextToken);
  const to = from + Limit;
  return {
    page: all.slice(from, to),
    NextToken: to < all.length ? { NextToken: String(to) } : {},
  };
}

function checkBus(name: string | undefined): void {
  if (name === undefined || name === 'default' || name === busArn) return;
  throw new AwsError(
    'ResourceNotFoundException',
    `Event bus ${name} does not exist. The embedded EventBridge has the default bus only.`,
  );
}

/** Throws when neither a pattern nor a schedule is given, or one is not valid. */
export function putRule(store: RuleStore, input: PutRule, now: number): void {
  checkBus(input.EventBusName);
  if (input.EventPattern === undefined && input.ScheduleExpression === undefined)
    throw new AwsError(
      'ValidationException',
      'Parameter(s) EventPattern or ScheduleExpression must be specified.',
    );
  const existing = store.find(input.Name);
  store.save({
    name: input.Name,
    pattern: input.EventPattern,
    schedule: input.ScheduleExpression,
    state: input.State ?? 'ENABLED',
    description: input.Description,
    tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    created: existing?.schedule === input.ScheduleExpression ? (existing?.created ?? now) : now,
  });
}

function checkTarget(one: Target): void {
  if (!one.Arn.startsWith('arn:'))
    throw new AwsError('ValidationException', `Parameter ${one.Arn} is not valid.`);
  const given = [one.Input, one.InputPath, one.InputTransformer].filter((way) => way !== undefined);
  if (given.length > 1)
    throw new AwsError(
      'ValidationException',
      `Only one of Input, InputPath, or InputTransformer must be provided for target ${one.Id}.`,
    );
  if (one.InputPath !== undefined) checkPath(one.InputPath);
  for (const path of Object.values(one.InputTransformer?.InputPathsMap ?? {})) checkPath(path);
}

function putEvent(entry: z.infer<typeof eventEntry>, publish: (event: NewEvent) => string): object {
  const refuse = (ErrorCode: string, ErrorMessage: string): object => ({ ErrorCode, ErrorMessage });
  const { Source, DetailType, Detail } = entry;
  try {
    checkBus(entry.EventBusName);
  } catch (error) {
    return refuse('InternalFailure', error instanceof Error ? error.message : '');
  }
  for (const [name, value] of Object.entries({ Source, DetailType, Detail }))
    if (!value)
      return refuse(
        'InvalidArgument',
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
  if (Source?.startsWith('aws.') === true)
    return refuse('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = objectOf(Detail ?? '');
  if (detail === undefined) return refuse('MalformedDetail', 'Detail is malformed.');
  const EventId = publish({
    source: Source ?? '',
    detailType: DetailType ?? '',
    detail,
    resources: entry.Resources ?? [],
    ...(entry.Time === undefined ? {} : { time: new Date(entry.Time * 1000) }),
  });
  return { EventId };
}

function objectOf(text: string): EventObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as EventObject) : undefined;
  } catch {
    return undefined;
  }
}

const describe = (rule: Rule): object => ({
  Name: rule.name,
  Arn: ruleArn(rule.name),
  State: rule.state,
  EventBusName: 'default',
  ...(rule.pattern === undefined ? {} : { EventPattern: rule.pattern }),
  ...(rule.schedule === undefined ? {} : { ScheduleExpression: rule.schedule }),
  ...(rule.description === undefined ? {} : { Description: rule.description }),
});

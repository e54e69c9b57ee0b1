import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import type { RestRoute } from '../protocol/restService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { groupArn, type Schedule, scheduleArn, scheduleInput, scheduleName } from './schedule.ts';
import { scheduleExpression } from './scheduleExpression.ts';
import type { Group, ScheduleStore } from './scheduleStore.ts';

const tagList = z.array(z.strictObject({ Key: z.string().min(1), Value: z.string() }));
const conflict = (message: string): AwsError =>
  new AwsError('ConflictException', message, { status: 409 });

/** The REST operations of Scheduler; `changed` is called when firings may have moved. */
export function routesOf(store: ScheduleStore, changed: () => void): readonly RestRoute[] {
  return [
    ...groupRoutes(store),
    {
      method: 'POST',
      path: /^\/schedules\/([^/]+)$/,
      run: ({ path: [name = ''], body }) => {
        const schedule = newSchedule(store, name, body);
        if (store.find(schedule.GroupName, name) !== undefined)
          throw conflict(`Schedule ${name} already exists.`);
        store.save(schedule);
        changed();
        return { ScheduleArn: scheduleArn(schedule.GroupName, name) };
      },
    },
    {
      method: 'PUT',
      path: /^\/schedules\/([^/]+)$/,
      run: ({ path: [name = ''], body }) => {
        const schedule = newSchedule(store, name, body);
        const existing = store.get(schedule.GroupName, name);
        store.save({ ...schedule, CreationDate: existing.CreationDate });
        changed();
        return { ScheduleArn: scheduleArn(schedule.GroupName, name) };
      },
    },
    {
      method: 'GET',
      path: /^\/schedules\/([^/]+)$/,
      run: ({ path: [name = ''], query }) => {
        const schedule = store.get(query.get('groupName') ?? 'default', name);
        return { ...schedule, Arn: scheduleArn(schedule.GroupName, name) };
      },
    },
    {
      method: 'DELETE',
      path: /^\/schedules\/([^/]+)$/,
      run: ({ path: [name = ''], query }) => {
        const { GroupName } = store.get(query.get('groupName') ?? 'default', name);
        store.remove(GroupName, name);
        return {};
      },
    },
    { method: 'GET', path: /^\/schedules$/, run: ({ query }) => listSchedules(store, query) },
  ];
}

function newSchedule(store: ScheduleStore, name: string, body: unknown): Schedule {
  const { ClientToken: _token, ...input } = parse(scheduleInput, body);
  const Name = parse(scheduleName, name);
  store.group(input.GroupName);
  // Throws when it is not one.
  scheduleExpression(input.ScheduleExpression, input.ScheduleExpressionTimezone, 0);
  if ((input.EndDate ?? Number.POSITIVE_INFINITY) < (input.StartDate ?? 0))
    throw new AwsError('ValidationException', 'The StartDate must come before the EndDate.');
  if (input.Target.Arn.startsWith('arn:aws:scheduler:::aws-sdk:'))
    throw new AwsError(
      'ValidationException',
      'The embedded Scheduler has no universal targets; use a Lambda function or a queue.',
    );
  const now = store.now / 1000;
  return { ...input, Name, CreationDate: now, LastModificationDate: now };
}

const tokenOf = (parts: readonly string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

function partsOf(token: string | null): readonly string[] {
  if (token === null) return [];
  try {
    return z.array(z.string()).parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw new AwsError('ValidationException', 'Invalid NextToken.');
  }
}

const limitOf = (query: URLSearchParams): number =>
  parse(z.coerce.number().int().min(1).max(100), query.get('MaxResults') ?? 100);

function listSchedules(store: ScheduleStore, query: URLSearchParams): object {
  const group = query.get('ScheduleGroup') ?? undefined;
  if (group !== undefined) store.group(group);
  const prefix = query.get('NamePrefix') ?? '';
  const state = query.get('State');
  const limit = limitOf(query);
  const found: Schedule[] = [];
  let [afterGroup = '', afterName = ''] = partsOf(query.get('NextToken'));
  for (;;) {
    const page = store.page(group, [afterGroup, afterName], limit);
    for (const schedule of page) {
      if (found.length === limit)
        return { Schedules: found.map(summaryOf), NextToken: tokenOf([afterGroup, afterName]) };
      [afterGroup, afterName] = [schedule.GroupName, schedule.Name];
      const fits = state === null || schedule.State === state;
      if (fits && schedule.Name.startsWith(prefix)) found.push(schedule);
    }
    if (page.length < limit) return { Schedules: found.map(summaryOf) };
  }
}

const summaryOf = (schedule: Schedule): object => ({
  Arn: scheduleArn(schedule.GroupName, schedule.Name),
  Name: schedule.Name,
  GroupName: schedule.GroupName,
  State: schedule.State,
  CreationDate: schedule.CreationDate,
  LastModificationDate: schedule.LastModificationDate,
  Target: { Arn: schedule.Target.Arn },
});

function groupRoutes(store: ScheduleStore): readonly RestRoute[] {
  const createInput = z.strictObject({
    Tags: tagList.optional(),
    ClientToken: z.string().optional(),
  });
  const ofArn = (arn: string): Group =>
    store.group(decodeURIComponent(arn).split(':schedule-group/')[1] ?? '');
  return [
    {
      method: 'POST',
      path: /^\/schedule-groups\/([^/]+)$/,
      run: ({ path: [name = ''], body }) => {
        const { Tags = [] } = parse(createInput, body);
        const group = parse(scheduleName, name);
        if (store.hasGroup(group)) throw conflict(`Schedule group ${group} already exists.`);
        const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
        store.saveGroup({ name: group, created: store.now / 1000, tags });
        return { ScheduleGroupArn: groupArn(group) };
      },
    },
    {
      method: 'GET',
      path: /^\/schedule-groups\/([^/]+)$/,
      run: ({ path: [name = ''] }) => describeGroup(store.group(name)),
    },
    {
      method: 'DELETE',
      path: /^\/schedule-groups\/([^/]+)$/,
      run: ({ path: [name = ''] }) => {
        if (store.group(name).name === 'default')
          throw new AwsError('ValidationException', 'The default group cannot be deleted.');
        store.dropGroup(name);
        return {};
      },
    },
    {
      method: 'GET',
      path: /^\/schedule-groups$/,
      run: ({ query }) => {
        const limit = limitOf(query);
        const [after = ''] = partsOf(query.get('NextToken'));
        const groups = store.groups(query.get('NamePrefix') ?? '', after, limit + 1);
        const page = groups.slice(0, limit);
        const last = page.at(-1);
        return {
          ScheduleGroups: page.map(describeGroup),
          ...(groups.length > limit && last !== undefined
            ? { NextToken: tokenOf([last.name]) }
            : {}),
        };
      },
    },
    {
      method: 'GET',
      path: /^\/tags\/(.+)$/,
      run: ({ path: [arn = ''] }) => ({
        Tags: Object.entries(ofArn(arn).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
    {
      method: 'POST',
      path: /^\/tags\/(.+)$/,
      run: ({ path: [arn = ''], body }) => {
        const { Tags } = parse(z.strictObject({ Tags: tagList }), body);
        inTransaction(store.database, () => {
          const group = ofArn(arn);
          const added = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
          store.saveGroup({ ...group, tags: { ...group.tags, ...added } });
        });
        return {};
      },
    },
    {
      method: 'DELETE',
      path: /^\/tags\/(.+)$/,
      run: ({ path: [arn = ''], query }) => {
        const group = ofArn(arn);
        const gone = query.getAll('TagKeys');
        const kept = Object.entries(group.tags).filter(([key]) => !gone.includes(key));
        store.saveGroup({ ...group, tags: Object.fromEntries(kept) });
        return {};
      },
    },
  ];
}

const describeGroup = (group: Group): object => ({
  Arn: groupArn(group.name),
  Name: group.name,
  State: 'ACTIVE',
  CreationDate: group.created,
  LastModificationDate: group.created,
});

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AwsError('ValidationException', z.prettifyError(parsed.error));
}

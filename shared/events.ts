import * as z from 'zod';
import { counts, runError, runResult } from './runs/runItem.ts';
import { runRequest, runTrigger } from './runs/runRequest.ts';

/** Names of what is told to people and programs: WebSocket, EventBridge bus, webhooks. */
export const eventNames = [
  'sync_queued',
  'sync_started',
  'sync_progress',
  'sync_succeeded',
  'sync_failed',
  'sync_cancelled',
  'file_uploaded',
  'file_deleted',
  'schema_drift',
  'source_changed',
] as const;
export type EventName = (typeof eventNames)[number];

const run = { runId: z.string(), kind: runRequest.shape.kind.unwrap() };
const file = { name: z.string(), versionId: z.string() };

/** What each event tells beside its source and time. Holds no secrets, no rows, no configuration. */
export const eventData = {
  sync_queued: z.strictObject({ ...run, trigger: runTrigger }),
  sync_started: z.strictObject(run),
  /** Sums of the run so far; told with its heartbeats, about every 15 s. */
  sync_progress: z.strictObject({
    runId: z.string(),
    pages: z.int(),
    rows: z.int(),
    bytes: z.int(),
    stream: z.string().nullable(),
  }),
  /** `partial`: some streams failed, the others are loaded. */
  sync_succeeded: z.strictObject({
    ...run,
    status: z.enum(['succeeded', 'partial']),
    result: runResult.nullable(),
    counts,
  }),
  sync_failed: z.strictObject({
    ...run,
    status: z.enum(['failed', 'timed_out']),
    error: runError.pick({ code: true, message: true }).nullable(),
    counts,
  }),
  sync_cancelled: z.strictObject({ ...run, status: z.enum(['cancelled', 'skipped']) }),
  file_uploaded: z.strictObject({ ...file, bytes: z.int() }),
  file_deleted: z.strictObject(file),
  /** Names of columns; `more` counts further ones that are not named. */
  schema_drift: z.strictObject({
    runId: z.string(),
    stream: z.string(),
    isBreaking: z.boolean(),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    more: z.int(),
  }),
  /** What people set, or what asks for their attention, is another than before. `fields` names what, for a change. */
  source_changed: z.strictObject({
    change: z.enum(['created', 'changed', 'deleted']),
    rowVersion: z.int(),
    fields: z.array(z.string()),
    /** Codes of what asks for attention now. */
    attention: z.array(z.string()),
  }),
} as const satisfies Record<EventName, z.ZodType>;

const common = {
  /** The same for every delivery of the same event. */
  id: z.string(),
  /** Counts the tenant's events without a gap, from 1. Events of one source are in the order in which they happened. */
  seq: z.int().positive(),
  at: z.iso.datetime(),
  sourceId: z.string(),
  /** null once the source is gone. */
  sourceKey: z.string().nullable(),
};
const eventOf = <Name extends EventName, Data extends z.ZodType>(name: Name, data: Data) =>
  z.strictObject({ ...common, type: z.literal(name), data });

export const headgateEvent = z
  .discriminatedUnion('type', [
    eventOf('sync_queued', eventData.sync_queued),
    eventOf('sync_started', eventData.sync_started),
    eventOf('sync_progress', eventData.sync_progress),
    eventOf('sync_succeeded', eventData.sync_succeeded),
    eventOf('sync_failed', eventData.sync_failed),
    eventOf('sync_cancelled', eventData.sync_cancelled),
    eventOf('file_uploaded', eventData.file_uploaded),
    eventOf('file_deleted', eventData.file_deleted),
    eventOf('schema_drift', eventData.schema_drift),
    eventOf('source_changed', eventData.source_changed),
  ])
  .meta({ id: 'Event' });
export type HeadgateEvent = z.infer<typeof headgateEvent>;

type WithoutNumbers<Event> = Event extends unknown ? Omit<Event, 'seq' | 'sourceKey'> : never;
/** An event before it has its place in the tenant's log. */
export type NewEvent = WithoutNumbers<HeadgateEvent>;

const position = z.int().nonnegative();

/** What a client sends over the WebSocket, one JSON object a message. `hello` MUST be the first. */
export const clientMessage = z.discriminatedUnion('action', [
  /** `after`: the last sequence number the client has; left out, it hears only what comes from now on. */
  z.strictObject({ action: z.literal('hello'), token: z.string(), after: position.optional() }),
  z.strictObject({ action: z.literal('replay'), after: position }),
  z.strictObject({ action: z.literal('ping') }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

/**
 * What a client is sent. `events` covers every number above `after` up to `upTo`; those that are not in it are of
 * sources the token may not see. A client at `last`: `after > last` is a gap (ask for `replay`), `upTo <= last` is old.
 */
export const serverMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    tenant: z.string(),
    /** The newest event's number. */
    head: position,
  }),
  z.strictObject({
    type: z.literal('events'),
    after: position,
    upTo: position,
    events: z.array(headgateEvent),
  }),
  /** A replay is over. */
  z.strictObject({ type: z.literal('live'), upTo: position }),
  /** What came after the client's number is no longer kept: load everything anew, and go on from `head`. */
  z.strictObject({ type: z.literal('reset'), head: position }),
  z.strictObject({ type: z.literal('pong'), head: position }),
  /** After `unauthorized` the connection is closed. */
  z.strictObject({
    type: z.literal('error'),
    code: z.enum(['unauthorized', 'validation_failed']),
    detail: z.string(),
  }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;

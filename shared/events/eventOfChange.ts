import { isDeepStrictEqual } from 'node:util';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { NewEvent } from '../events.ts';
import { fileItem, fileItemPrefix } from '../files/fileItem.ts';
import { lockItem } from '../runs/lockItem.ts';
import { type RunItem, runItem, runItemPrefix } from '../runs/runItem.ts';
import { driftItem, driftPrefix } from '../schema/driftItem.ts';
import { type SourceItem, sourceItem } from '../sources/sourceItem.ts';

/** What one change of the table means to people and programs. */
export interface ChangeEvent {
  readonly tenant: string;
  readonly event: NewEvent;
}

type Item = Record<string, unknown>;
interface Change {
  readonly id: string;
  /** When DynamoDB saw the change; exact to a second. */
  readonly at: string;
  readonly before: Item | null;
  readonly after: Item | null;
}

const longestMessage = 2_000;

/**
 * The event of one record of the table's stream, or null when nothing happened that is told. Its id is the record's,
 * so a record that comes again makes the same event again. Throws ZodError for an item that is none of ours.
 */
export function eventOfChange(record: DynamoDBRecord): ChangeEvent | null {
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime } = record.dynamodb ?? {};
  const sortKey = Keys?.['sk']?.S ?? '';
  const before = imageOf(OldImage);
  const after = imageOf(NewImage);
  if (record.eventID === undefined || (before === null && after === null)) return null;
  const at = new Date((ApproximateCreationDateTime ?? 0) * 1000).toISOString();
  const change = { id: record.eventID, at, before, after };
  if (sortKey.startsWith(runItemPrefix)) return runEvent(change);
  if (sortKey.startsWith(fileItemPrefix)) return fileEvent(change);
  if (sortKey.startsWith(driftPrefix)) return driftEvent(change);
  if (sortKey === 'LOCK') return progressEvent(change);
  if (sortKey === 'SOURCE') return sourceEvent(change);
  return null;
}

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;

function imageOf(image: Image | undefined): Item | null {
  if (image === undefined) return null;
  const {
    pk: _pk,
    sk: _sk,
    gsi1pk: _1,
    gsi1sk: _2,
    gsi2pk: _3,
    gsi2sk: _4,
    ...item
  } = unmarshall(image as Parameters<typeof unmarshall>[0]);
  return item;
}

function runEvent({ id, at, before, after }: Change): ChangeEvent | null {
  if (after === null) return null;
  const run = runItem.parse(after);
  if (before !== null && before['status'] === run.status) return null;
  const made = (event: RunEvent, when = at): ChangeEvent => ({
    tenant: run.tenant,
    event: { id, at: when, sourceId: run.sourceId, ...event },
  });
  const common = { runId: run.runId, kind: run.request.kind };
  const { status } = run;
  switch (status) {
    case 'queued':
      return made(
        { type: 'sync_queued', data: { ...common, trigger: run.trigger } },
        run.createdAt,
      );
    case 'running':
      return made({ type: 'sync_started', data: common }, run.startedAt);
    case 'succeeded':
    case 'partial':
      return made(
        {
          type: 'sync_succeeded',
          data: { ...common, status, result: run.result ?? null, counts: run.counts },
        },
        run.finishedAt,
      );
    case 'failed':
    case 'timed_out':
      return made(
        {
          type: 'sync_failed',
          data: { ...common, status, error: shortError(run.error), counts: run.counts },
        },
        run.finishedAt,
      );
    case 'cancelled':
    case 'skipped':
      return made({ type: 'sync_cancelled', data: { ...common, status } }, run.finishedAt);
  }
}
type RunEvent = NewEvent extends infer Event
  ? Event extends NewEvent
    ? Omit<Event, 'id' | 'at' | 'sourceId'>
    : never
  : never;

const shortError = (error: RunItem['error']) =>
  error === undefined
    ? null
    : { code: error.code, message: error.message.slice(0, longestMessage) };

function progressEvent({ id, at, before, after }: Change): ChangeEvent | null {
  if (after?.['owner'] === undefined || after['progress'] === undefined) return null;
  if (isDeepStrictEqual(before?.['progress'], after['progress'])) return null;
  const { tenant, sourceId, owner, progress } = lockItem.parse(after);
  if (owner === undefined || progress === undefined) return null;
  const { pages, rows, bytes, stream = null } = progress;
  const data = { runId: owner.runId, pages, rows, bytes, stream };
  return { tenant, event: { id, at, sourceId, type: 'sync_progress', data } };
}

function fileEvent({ id, at, before, after }: Change): ChangeEvent | null {
  if (after === null) return null;
  const { tenant, sourceId, name, versionId, bytes, state } = fileItem.parse(after);
  const about = { name, versionId };
  if (before === null && state !== 'deleted')
    return {
      tenant,
      event: { id, at, sourceId, type: 'file_uploaded', data: { ...about, bytes } },
    };
  if (before !== null && state === 'deleted' && before['state'] !== 'deleted')
    return { tenant, event: { id, at, sourceId, type: 'file_deleted', data: about } };
  return null;
}

function driftEvent({ id, before, after }: Change): ChangeEvent | null {
  if (after === null || before !== null) return null;
  const { tenant, sourceId, runId, stream, at, isBreaking, drift } = driftItem.parse(after);
  const names = (columns: readonly { readonly name: string }[]): string[] =>
    columns.map(({ name }) => name);
  return {
    tenant,
    event: {
      id,
      at,
      sourceId,
      type: 'schema_drift',
      data: {
        runId,
        stream,
        isBreaking,
        added: names(drift.added),
        removed: names(drift.removed),
        changed: names(drift.changed),
        more: drift.more,
      },
    },
  };
}

/** What runs write into a source, and no person does. */
const measured: ReadonlySet<string> = new Set([
  'lastRun',
  'lastSuccessAt',
  'recordCount',
  'syncCount',
  'failuresInARow',
  'updatedAt',
  'rowVersion',
]);

function sourceEvent({ id, at, before, after }: Change): ChangeEvent | null {
  const image = after ?? before;
  if (image === null) return null;
  const source: SourceItem = sourceItem.parse(image);
  const fields = Object.keys({ ...before, ...after }).filter(
    (name) => !measured.has(name) && !isDeepStrictEqual(before?.[name], after?.[name]),
  );
  if (before !== null && after !== null && fields.length === 0) return null;
  return {
    tenant: source.tenant,
    event: {
      id,
      at,
      sourceId: source.sourceId,
      type: 'source_changed',
      data: {
        change: before === null ? 'created' : after === null ? 'deleted' : 'changed',
        rowVersion: source.rowVersion,
        fields: before === null || after === null ? [] : fields.toSorted(),
        attention: after === null ? [] : source.attention.map(({ code }) => code),
      },
    },
  };
}

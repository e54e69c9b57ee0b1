import { createHash } from 'node:crypto';
import type { StreamDescription, StreamRequest, SyncMode } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { RunRequest } from '../runs/runRequest.ts';
import type { SourceItem } from '../sources/sourceItem.ts';

/** What a run does with one stream. */
export interface StreamPlan {
  readonly description: StreamDescription;
  readonly request: StreamRequest;
  /** The new rows take the place of all old ones, in one snapshot. */
  readonly replace: boolean;
  /** Start from nothing, whatever the cursor says. */
  readonly fromStart: boolean;
  /** Whether the last checkpoint becomes the stream's cursor. */
  readonly keepsCursor: boolean;
  /** `<namespace>.<table>`. */
  readonly table: string;
}

/**
 * The streams of a run in a stable order. An incremental source reads streams without a cursor column whole.
 * Throws `source_not_found` for a chosen stream that the source does not have (any more).
 */
export function planStreams(
  source: SourceItem,
  descriptions: readonly StreamDescription[],
  request: RunRequest,
  landing: boolean,
): readonly StreamPlan[] {
  const chosen = request.streams ?? (source.streams === null ? null : Object.keys(source.streams));
  const byName = new Map(descriptions.map((description) => [description.name, description]));
  const names = chosen ?? descriptions.map(({ name }) => name);
  return names.map((name) => {
    const description = byName.get(name);
    if (description === undefined)
      throw new HeadgateError(
        'source_not_found',
        `The source has no stream "${name}". It has: ${[...byName.keys()].slice(0, 20).join(', ') || 'none'}.`,
        { facts: { stream: name } },
      );
    return planStream(source, description, request, landing, descriptions.length === 1);
  });
}

function planStream(
  source: SourceItem,
  description: StreamDescription,
  request: RunRequest,
  landing: boolean,
  single: boolean,
): StreamPlan {
  const settings = source.streams?.[description.name] ?? {};
  // Files load once each and add up; "everything again" is only done when asked for.
  const wanted: SyncMode = landing ? 'incremental' : (settings.syncMode ?? source.syncMode);
  const cursorField = settings.cursorField ?? source.cursorField;
  const hasCursor = cursorField !== null && description.cursorFields.includes(cursorField);
  const incremental =
    wanted === 'incremental' &&
    description.modes.includes('incremental') &&
    (landing || hasCursor || description.cursorFields.length === 0);
  const mode: SyncMode = incremental
    ? 'incremental'
    : wanted === 'full_refresh_append' || request.mode === 'full_refresh_append'
      ? 'full_refresh_append'
      : 'full_refresh';
  const replace =
    request.mode === 'full_refresh' ||
    (mode === 'full_refresh' && request.mode !== 'full_refresh_append');
  return {
    description,
    replace,
    fromStart: !incremental || request.mode === 'full_refresh',
    keepsCursor: incremental && request.startDate === undefined,
    table: `${source.namespace}.${tableOf(source, description.name, settings.table, single)}`,
    request: {
      name: description.name,
      mode,
      primaryKey:
        settings.primaryKey ??
        (source.primaryKey.length > 0 ? source.primaryKey : description.primaryKey),
      cursorField: incremental && hasCursor ? cursorField : null,
      columns: settings.columns ?? null,
      window:
        request.startDate === undefined
          ? null
          : { from: request.startDate, to: request.endDate ?? null },
    },
  };
}

/** The source's table is the only stream's, and the first part of the name of each of several. */
const tableOf = (
  source: SourceItem,
  stream: string,
  chosen: string | undefined,
  single: boolean,
): string => chosen ?? (single ? source.table : `${source.table}_${tableName(stream)}`);

/** A table name every query engine takes without quotes. */
export const tableName = (stream: string): string => {
  const plain = stream
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^[a-z_]/.test(plain) ? plain : `t_${plain}`;
};

/** Changes when parts of an unfinished full refresh no longer fit together. */
export const refreshHash = (source: SourceItem, plan: StreamPlan): string =>
  createHash('sha256')
    .update(
      JSON.stringify([source.connector, source.config, plan.request, plan.description.columns]),
    )
    .digest('hex')
    .slice(0, 24);

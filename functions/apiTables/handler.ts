import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { badField } from '../../shared/api/fieldErrors.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { type Principal, requireSource } from '../../shared/api/principal.ts';
import type { OutputOf } from '../../shared/api/routes.ts';
import { driftRecordOf, schemaVersionOf } from '../../shared/api/schemaView.ts';
import { HeadgateError } from '../../shared/errors.ts';
import {
  type PreviewAnswer,
  type PreviewInput,
  rejectsPosition,
} from '../../shared/lake/previewProtocol.ts';
import type { Log } from '../../shared/log.ts';
import { getRun } from '../../shared/runs/runs.ts';
import type { StreamItem } from '../../shared/runs/streamItem.ts';
import { listStreams } from '../../shared/runs/streams.ts';
import {
  listDrift,
  listDriftOfRun,
  listSchemaVersions,
} from '../../shared/schema/listSchemaHistory.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import type { SourceItem } from '../../shared/sources/sourceItem.ts';
import type { Table } from '../../shared/table.ts';
import { eachTable } from '../../shared/tables/eachTable.ts';
import { tableDetailsOf, tableSummaryOf } from '../../shared/tables/tableView.ts';

export interface Dependencies {
  readonly table: Table;
  readonly preview: (input: PreviewInput, signal: AbortSignal) => Promise<PreviewAnswer>;
  readonly log: Log;
}

interface Look {
  readonly principal: Principal;
  readonly params: { readonly idOrKey: string };
  readonly query: {
    readonly stream?: string | undefined;
    readonly limit: number;
    readonly asOf?: string | undefined;
    readonly columns?: string | undefined;
  };
  readonly signal: AbortSignal;
}

const position = z.strictObject({ sourceId: z.string().max(26), stream: z.string().max(255) });
const ended = z.strictObject({ runId: z.string().max(80), seq: z.int().positive() });

/** Tables, their columns, and looks into them. */
export const makeHandler = ({ table, preview, log }: Dependencies) => {
  /** The stream a caller means; null when the source never loaded anything. */
  const streamOf = async (
    { tenant, sourceId }: SourceItem,
    name: string | undefined,
  ): Promise<StreamItem | null> => {
    const streams = await listStreams(table, tenant, sourceId);
    const names = streams.map(({ stream }) => stream);
    if (name === undefined && streams.length > 1)
      throw badField(['stream'], `The source has several: ${names.slice(0, 20).join(', ')}.`);
    const found = name === undefined ? streams[0] : streams.find(({ stream }) => stream === name);
    if (found === undefined && streams.length > 0)
      throw new HeadgateError('not_found', `The source has no stream "${name}".`);
    return found ?? null;
  };
  const look = async <What extends 'rows' | 'rejects' | 'snapshots'>(
    { principal, params, query, signal }: Look,
    what: What,
  ) => {
    const source = await requireSourceOf(table, principal, params.idOrKey);
    const stream = await streamOf(source, query.stream);
    if (stream === null) return { source, stream: source.table, answer: null };
    const { tenant, sourceId } = source;
    const answer = await preview(
      {
        v: 1,
        tenant,
        sourceId,
        stream: stream.stream,
        what,
        limit: query.limit,
        ...(query.asOf === undefined ? {} : { asOf: query.asOf }),
        ...(query.columns === undefined ? {} : { columns: query.columns.split(',') }),
      },
      signal,
    );
    if (answer.kind === 'problem') throw new HeadgateError(answer.code, answer.message);
    return { source, stream: stream.stream, answer };
  };
  const rows = async (
    request: Look,
    what: 'rows' | 'rejects',
  ): Promise<OutputOf<'previewRows'>> => {
    const { source, stream, answer } = await look(request, what);
    if (answer !== null && answer.kind !== 'rows') throw new Error('the preview answered no rows');
    return {
      sourceId: source.sourceId,
      stream,
      snapshotId: answer?.snapshotId ?? null,
      columns: answer?.columns.map(({ name, type }) => ({ name, type })) ?? [],
      rows: answer?.rows ?? [],
      cut: answer?.cut ?? [],
      total: answer?.total ?? 0,
      hasMore: answer?.more ?? false,
    };
  };
  return createApi(
    'apiTables',
    {
      listTables: async ({ principal, query }) => {
        const only =
          query.source === undefined
            ? null
            : (await requireSourceOf(table, principal, query.source)).sourceId;
        const from =
          query.cursor === undefined ? null : decodeCursor(query.cursor, 'tables', only, position);
        const scope = only === null ? principal : { ...principal, sources: [only] };
        const found: { source: SourceItem; stream: StreamItem }[] = [];
        for await (const each of eachTable(table, scope, from)) {
          found.push(each);
          if (found.length > query.limit) break;
        }
        return pageFrom(
          found,
          query.limit,
          ({ source, stream }) => tableSummaryOf(source, stream),
          ({ source, stream }) =>
            encodeCursor('tables', only, { sourceId: source.sourceId, stream: stream.stream }),
        );
      },
      getTable: async ({ principal, params }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const stream = await streamOf(source, params.stream);
        if (stream === null)
          throw new HeadgateError('not_found', 'The source has not loaded anything yet.');
        return tableDetailsOf(source, stream);
      },
      listSchemaVersions: async ({ principal, params, query }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const { tenant, sourceId } = source;
        const stream = await streamOf(source, query.stream);
        const name = stream?.stream ?? '';
        const after =
          query.cursor === undefined
            ? null
            : decodeCursor(query.cursor, 'schemas', [sourceId, name], ended);
        const versions =
          stream === null
            ? []
            : await listSchemaVersions(
                table,
                { tenant, sourceId, stream: name },
                { limit: query.limit + 1, after },
              );
        return pageFrom(versions, query.limit, schemaVersionOf, ({ runId, seq }) =>
          encodeCursor('schemas', [sourceId, name], { runId, seq }),
        );
      },
      listDrift: async ({ principal, params, query }) => {
        const { tenant, sourceId } = await requireSourceOf(table, principal, params.idOrKey);
        const after =
          query.cursor === undefined ? null : decodeCursor(query.cursor, 'drift', sourceId, ended);
        const records = await listDrift(
          table,
          { tenant, sourceId },
          { limit: query.limit + 1, after },
        );
        return pageFrom(records, query.limit, driftRecordOf, ({ runId, seq }) =>
          encodeCursor('drift', sourceId, { runId, seq }),
        );
      },
      getRunDrift: async ({ principal, params: { runId } }) => {
        const run = await getRun(table, principal.tenant, runId);
        if (run === null) throw new HeadgateError('not_found', 'There is no such run.');
        requireSource(principal, run.sourceId);
        return { runId, drift: (await listDriftOfRun(table, run)).map(driftRecordOf) };
      },
      previewRows: (request) => rows(request, 'rows'),
      listRejects: (request) => rows(request, 'rejects'),
      downloadRejects: async ({ principal, params, query, signal }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const { tenant, sourceId } = source;
        const stream = await streamOf(source, query.stream);
        const { format } = query;
        if (stream === null)
          return {
            sourceId,
            stream: source.table,
            format,
            text: '',
            rows: 0,
            hasMore: false,
            nextCursor: null,
          };
        const list = [sourceId, stream.stream, format];
        const answer = await preview(
          {
            v: 1,
            tenant,
            sourceId,
            stream: stream.stream,
            what: 'rejectsText',
            limit: 1,
            format,
            ...(query.cursor === undefined
              ? {}
              : { after: decodeCursor(query.cursor, 'rejects', list, rejectsPosition) }),
          },
          signal,
        );
        if (answer.kind === 'problem') throw new HeadgateError(answer.code, answer.message);
        if (answer.kind !== 'text') throw new Error('the preview answered no text');
        const { text, rows: count, next } = answer;
        return {
          sourceId,
          stream: stream.stream,
          format,
          text,
          rows: count,
          hasMore: next !== null,
          nextCursor: next === null ? null : encodeCursor('rejects', list, next),
        };
      },
      listSnapshots: async (request) => {
        const { source, stream, answer } = await look(request, 'snapshots');
        if (answer !== null && answer.kind !== 'snapshots')
          throw new Error('the preview answered no snapshots');
        return {
          sourceId: source.sourceId,
          stream,
          snapshots: answer?.snapshots ?? [],
          hasMore: answer?.more ?? false,
        };
      },
    },
    { log },
  );
};

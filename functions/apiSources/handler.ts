import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import type { Principal } from '../../shared/api/principal.ts';
import type { Source } from '../../shared/api/schemas/source.ts';
import type { Log } from '../../shared/log.ts';
import { getLock } from '../../shared/runs/lock.ts';
import { checkSchedule, nextTimes } from '../../shared/schedules/nextTimes.ts';
import { scheduleText } from '../../shared/schedules/scheduleText.ts';
import { acknowledgeAttention } from '../../shared/sources/attention.ts';
import { changeSource } from '../../shared/sources/changeSource.ts';
import {
  beginConnect,
  type ConnectDependencies,
  finishConnect,
} from '../../shared/sources/connectSource.ts';
import { createSource } from '../../shared/sources/createSource.ts';
import { deleteSource } from '../../shared/sources/deleteSource.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import { listSecrets } from '../../shared/sources/listSecrets.ts';
import { eachSource, listSources } from '../../shared/sources/listSources.ts';
import { listOAuthApps } from '../../shared/sources/oauthApps.ts';
import { replaceCredentials } from '../../shared/sources/replaceCredentials.ts';
import type { SourceItem } from '../../shared/sources/sourceItem.ts';
import { sourceSummaryOf, sourceViewOf } from '../../shared/sources/sourceView.ts';
import {
  liveSchemaOf,
  streamsOffered,
  testConnection,
  testSource,
} from '../../shared/sources/trySource.ts';

export interface Dependencies extends ConnectDependencies {
  readonly log: Log;
}

const after = z.strictObject({ after: z.string().min(1).max(600) });
/** Of a schedule shown ahead. */
const timesShown = 5;

/** Sources, their credentials, schedules and secrets. */
export const makeHandler = (dependencies: Dependencies) => {
  const { table, connectors, secretPrefix, now, log } = dependencies;
  const view = async (source: SourceItem): Promise<Source> => {
    const lock = await getLock(table, source.tenant, source.sourceId);
    return sourceViewOf(source, lock ?? undefined, { now: now(), connectors, secretPrefix });
  };
  const change = async (request: {
    readonly principal: Principal;
    readonly requestId: string;
    readonly signal: AbortSignal;
    readonly params: { readonly idOrKey: string };
    readonly body: Parameters<typeof changeSource>[3];
  }): Promise<Source> =>
    view(await changeSource(dependencies, request, request.params.idOrKey, request.body));
  return createApi(
    'apiSources',
    {
      createSource: async (request) =>
        view(await createSource(dependencies, request, request.body, request.query)),
      listSources: async ({ principal, query }) => {
        const { sources, total, nextCursor } = await listSources(table, principal, query);
        return {
          data: sources.map(({ source, lock }) => sourceSummaryOf(source, lock, now())),
          pagination: { total, limit: query.limit, hasMore: nextCursor !== null, nextCursor },
        };
      },
      getSource: async ({ principal, params }) =>
        view(await requireSourceOf(table, principal, params.idOrKey)),
      changeSource: change,
      putSource: change,
      deleteSource: async (request) => {
        const { params, query } = request;
        await deleteSource(dependencies, request, params.idOrKey, {
          data: query.data,
          log: request.log,
        });
        return null;
      },
      replaceCredentials: async (request) => {
        const { params, body, query } = request;
        return view(await replaceCredentials(dependencies, request, params.idOrKey, body, query));
      },
      connectOAuth: async (request) => beginConnect(dependencies, request, request.body),
      listOAuthApps: async ({ principal, query }) => {
        const from =
          query.cursor === undefined
            ? ''
            : decodeCursor(query.cursor, 'oauthApps', {}, after).after;
        const apps = await listOAuthApps(table, principal, connectors);
        return pageFrom(
          apps.filter(({ position }) => position > from),
          query.limit,
          ({ entry }) => entry,
          ({ position }) => encodeCursor('oauthApps', {}, { after: position }),
        );
      },
      finishOAuth: async (request) =>
        view(await finishConnect(dependencies, request, request.body)),
      replaceConfig: async (request) => change(request),
      testSource: async (request) => testSource(dependencies, request, request.params.idOrKey),
      getSourceSchema: async (request) =>
        liveSchemaOf(dependencies, request, request.params.idOrKey),
      acknowledgeAttention: async (request) =>
        view(
          await acknowledgeAttention(
            dependencies,
            request,
            request.params.idOrKey,
            request.params.code,
          ),
        ),
      testConnection: async (request) =>
        testConnection(dependencies, request, request.params.name, request.body),
      inspectConnection: async (request) =>
        streamsOffered(dependencies, request, request.params.name, request.body),
      previewSchedule: async ({ query }) => {
        checkSchedule(query, now());
        return {
          scheduleText: scheduleText(query),
          nextRunTimes: nextTimes(query, now(), timesShown).map((time) => time.toISOString()),
        };
      },
      listSchedules: async ({ principal, query }) => {
        const from =
          query.cursor === undefined
            ? null
            : decodeCursor(query.cursor, 'schedules', {}, after).after;
        const found: SourceItem[] = [];
        for await (const { source } of eachSource(table, principal, from)) {
          if (source.schedule !== null) found.push(source);
          if (found.length > query.limit) break;
        }
        return pageFrom(
          found.flatMap((source) =>
            source.schedule === null ? [] : [{ source, schedule: source.schedule }],
          ),
          query.limit,
          ({ source, schedule }) => ({
            sourceId: source.sourceId,
            sourceKey: source.key,
            sourceName: source.name,
            status: source.status,
            schedule,
            scheduleText: scheduleText(schedule),
            nextRunTimes:
              source.status === 'active'
                ? nextTimes(schedule, now(), timesShown).map((time) => time.toISOString())
                : [],
          }),
          ({ source }) => encodeCursor('schedules', {}, { after: source.sourceId }),
        );
      },
      listSecrets: async ({ principal, query }) => {
        const from =
          query.cursor === undefined ? '' : decodeCursor(query.cursor, 'secrets', {}, after).after;
        const secrets = await listSecrets(table, principal, secretPrefix);
        return pageFrom(
          secrets.filter(({ position }) => position > from),
          query.limit,
          ({ entry }) => entry,
          ({ position }) => encodeCursor('secrets', {}, { after: position }),
        );
      },
    },
    { log },
  );
};

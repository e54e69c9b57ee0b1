import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { badField } from '../../shared/api/fieldErrors.ts';
import { idempotently } from '../../shared/api/idempotency.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { type Principal, requireSource } from '../../shared/api/principal.ts';
import { runLogOf } from '../../shared/api/runLogView.ts';
import { runViewOf } from '../../shared/api/runView.ts';
import { streamStateOf } from '../../shared/api/streamStateView.ts';
import { recordAudit } from '../../shared/audit/auditItem.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { cancelRun } from '../../shared/runs/cancelRun.ts';
import type { RunDependencies } from '../../shared/runs/endRun.ts';
import { getLock } from '../../shared/runs/lock.ts';
import type { RunLogLine } from '../../shared/runs/readRunLog.ts';
import { retryOf } from '../../shared/runs/retryOf.ts';
import type { RunItem } from '../../shared/runs/runItem.ts';
import type { RunRequest, WhenBusy } from '../../shared/runs/runRequest.ts';
import { getRun, listRuns } from '../../shared/runs/runs.ts';
import { listStreams } from '../../shared/runs/streams.ts';
import { assertUndoable } from '../../shared/runs/undo.ts';
import { type AcceptedRun, askForRun, type RunWish } from '../../shared/sources/askForRun.ts';
import { type Connectors, checkConfig, connectorOf } from '../../shared/sources/checkSettings.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';

export interface Dependencies extends RunDependencies {
  readonly connectors: Connectors;
  /** What the run's functions logged, oldest first. */
  readonly readRunLog: (tenant: string, runId: string) => Promise<readonly RunLogLine[]>;
  readonly log: Log;
}

const position = z.strictObject({ before: z.string().max(80) });

/** Runs: start, history, log, cancel, clear. */
export const makeHandler = (dependencies: Dependencies) => {
  const { table, connectors, now, log } = dependencies;
  const requireRun = async (principal: Principal, runId: string): Promise<RunItem> => {
    const run = await getRun(table, principal.tenant, runId);
    if (run === null) throw new HeadgateError('not_found', 'There is no such run.');
    requireSource(principal, run.sourceId);
    return run;
  };
  /** Asks for a run once per idempotency key. */
  const ask = async (
    principal: Principal,
    requestId: string,
    idOrKey: string,
    wish: {
      readonly scope: string;
      readonly key: string | undefined;
      readonly request: RunRequest;
      readonly whenBusy: WhenBusy;
      readonly action: RunWish['action'];
    },
  ): Promise<AcceptedRun> => {
    const source = await requireSourceOf(table, principal, idOrKey);
    const { scope, key, request, whenBusy, action } = wish;
    return idempotently(
      table,
      {
        tenant: principal.tenant,
        scope: `${scope} ${source.sourceId}`,
        key,
        request: { request, whenBusy },
        now: now(),
      },
      () =>
        askForRun(dependencies, source, {
          principal,
          requestId,
          request,
          trigger: 'api',
          whenBusy,
          action,
        }),
    );
  };
  return createApi(
    'apiRuns',
    {
      startRun: async ({ principal, params, headers, body, requestId }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const connector = connectorOf(connectors, source.connector);
        if (connector === null) throw badField(['connector'], 'The source has no connector yet.');
        checkConfig(connector, source.config, true);
        const { whenBusy, ...wanted } = body;
        if (wanted.startDate !== undefined && !connector.supportsDateRange)
          throw badField(['startDate'], `${connector.name} knows no date ranges.`);
        return ask(principal, requestId, params.idOrKey, {
          scope: 'startRun',
          key: headers['idempotency-key'],
          request: { kind: 'ingest', ...wanted },
          whenBusy,
          action: 'run.requested',
        });
      },
      listRuns: async ({ principal, params, query }) => {
        const { tenant, sourceId } = await requireSourceOf(table, principal, params.idOrKey);
        const before =
          query.cursor === undefined
            ? null
            : decodeCursor(query.cursor, 'runs', sourceId, position).before;
        if (before !== null && !before.startsWith(`${sourceId}-`))
          throw badField(['cursor'], 'Not a `nextCursor` of this list.');
        const [runs, lock] = await Promise.all([
          listRuns(table, tenant, sourceId, {
            limit: query.limit + 1,
            ...(before === null ? {} : { before }),
          }),
          getLock(table, tenant, sourceId),
        ]);
        return pageFrom(
          runs,
          query.limit,
          (run) => runViewOf(run, lock),
          ({ runId }) => encodeCursor('runs', sourceId, { before: runId }),
        );
      },
      getRun: async ({ principal, params }) => {
        const run = await requireRun(principal, params.runId);
        return runViewOf(run, await getLock(table, run.tenant, run.sourceId));
      },
      getRunLog: async ({ principal, params }) => {
        const run = await requireRun(principal, params.runId);
        const [lock, lines] = await Promise.all([
          getLock(table, run.tenant, run.sourceId),
          dependencies.readRunLog(run.tenant, run.runId),
        ]);
        return runLogOf(run, lock, lines);
      },
      cancelRun: async ({ principal, params, requestId }) => {
        const { tenant, runId, sourceId } = await requireRun(principal, params.runId);
        const answer = await cancelRun(dependencies, { tenant, runId, by: principal.tokenId });
        if (answer === 'not_found') throw new HeadgateError('not_found', 'There is no such run.');
        if (answer === 'run_finished')
          throw new HeadgateError('run_finished', 'The run is over; what it loaded stays.');
        await recordAudit(
          table,
          { tenant, by: principal.tokenId, requestId, action: 'run.cancelled', subject: runId },
          now(),
        );
        const run = await requireRun(principal, runId);
        return runViewOf(run, await getLock(table, tenant, sourceId));
      },
      retryRun: async ({ principal, params, headers, requestId }) => {
        const run = await requireRun(principal, params.runId);
        return ask(principal, requestId, run.sourceId, {
          scope: `retryRun ${run.runId}`,
          key: headers['idempotency-key'],
          request: retryOf(run),
          whenBusy: 'queue',
          action: 'run.requested',
        });
      },
      undoRun: async ({ principal, params, headers, requestId }) => {
        const run = await requireRun(principal, params.runId);
        assertUndoable(run, await listStreams(table, run.tenant, run.sourceId));
        return ask(principal, requestId, run.sourceId, {
          scope: `undoRun ${run.runId}`,
          key: headers['idempotency-key'],
          request: { kind: 'undo', undoes: run.runId },
          whenBusy: 'reject',
          action: 'run.undone',
        });
      },
      replayRejects: async ({ principal, params, headers, body, requestId }) => {
        const { whenBusy, streams, files } = body;
        return ask(principal, requestId, params.idOrKey, {
          scope: 'replayRejects',
          key: headers['idempotency-key'],
          request: {
            kind: 'replay',
            ...(streams === undefined ? {} : { streams }),
            ...(files === undefined ? {} : { files }),
          },
          whenBusy,
          action: 'rejects.replayed',
        });
      },
      detectDeletes: async ({ principal, params, headers, requestId }) =>
        ask(principal, requestId, params.idOrKey, {
          scope: 'detectDeletes',
          key: headers['idempotency-key'],
          request: { kind: 'detect_deletes' },
          whenBusy: 'queue',
          action: 'run.requested',
        }),
      listStreams: async ({ principal, params }) => {
        const { tenant, sourceId } = await requireSourceOf(table, principal, params.idOrKey);
        return { items: (await listStreams(table, tenant, sourceId)).map(streamStateOf) };
      },
      setCursor: async ({ principal, params, headers, body, requestId }) =>
        ask(principal, requestId, params.idOrKey, {
          scope: `setCursor ${params.stream}`,
          key: headers['idempotency-key'],
          request: { kind: 'set_cursor', streams: [params.stream], cursor: body.cursor },
          whenBusy: 'reject',
          action: 'cursor.set',
        }),
      clearData: async ({ principal, params, headers, requestId }) => {
        return ask(principal, requestId, params.idOrKey, {
          scope: 'clearData',
          key: headers['idempotency-key'],
          request: { kind: 'clear' },
          whenBusy: 'reject',
          action: 'data.cleared',
        });
      },
    },
    { log },
  );
};

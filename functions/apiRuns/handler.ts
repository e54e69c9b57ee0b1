import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { badField } from '../../shared/api/fieldErrors.ts';
import { idempotently } from '../../shared/api/idempotency.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { type Principal, requireSource } from '../../shared/api/principal.ts';
import { runLogOf } from '../../shared/api/runLogView.ts';
import { runViewOf } from '../../shared/api/runView.ts';
import { recordAudit } from '../../shared/audit/auditItem.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { cancelRun } from '../../shared/runs/cancelRun.ts';
import type { RunDependencies } from '../../shared/runs/endRun.ts';
import { getLock } from '../../shared/runs/lock.ts';
import type { RunLogLine } from '../../shared/runs/readRunLog.ts';
import type { RunItem } from '../../shared/runs/runItem.ts';
import { getRun, listRuns } from '../../shared/runs/runs.ts';
import { askForRun } from '../../shared/sources/askForRun.ts';
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
        const request = { kind: 'ingest' as const, ...wanted };
        return idempotently(
          table,
          {
            tenant: principal.tenant,
            scope: `startRun ${source.sourceId}`,
            key: headers['idempotency-key'],
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
              action: 'run.requested',
            }),
        );
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
      clearData: async ({ principal, params, headers, requestId }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        return idempotently(
          table,
          {
            tenant: principal.tenant,
            scope: `clearData ${source.sourceId}`,
            key: headers['idempotency-key'],
            request: {},
            now: now(),
          },
          () =>
            askForRun(dependencies, source, {
              principal,
              requestId,
              request: { kind: 'clear' },
              trigger: 'api',
              whenBusy: 'reject',
              action: 'data.cleared',
            }),
        );
      },
    },
    { log },
  );
};

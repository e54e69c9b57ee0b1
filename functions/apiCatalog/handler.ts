import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { docsPage, docsRouteKey } from '../../shared/api/docsPage.ts';
import { openApiDocument } from '../../shared/api/openApi.ts';
import { pageFrom } from '../../shared/api/pages.ts';
import { routes } from '../../shared/api/routes.ts';
import { functionEnv } from '../../shared/env.ts';
import { type ErrorCode, errorTable, HeadgateError } from '../../shared/errors.ts';
import type { CountFunctions } from '../../shared/health/functionFailures.ts';
import type { Log } from '../../shared/log.ts';
import type { Connectors } from '../../shared/sources/checkSettings.ts';
import { connectorDetailsOf, connectorSummaryOf } from '../../shared/sources/describeConnector.ts';
import { healthReportOf } from '../../shared/sources/healthReport.ts';
import { eachSource } from '../../shared/sources/listSources.ts';
import type { Table } from '../../shared/table.ts';

export interface Dependencies {
  readonly table: Table;
  readonly connectors: Connectors;
  readonly now: () => Date;
  readonly log: Log;
  /** What every function's name begins with. */
  readonly functionPrefix: string;
  readonly countFunctions: CountFunctions;
}

const dayMilliseconds = 24 * 3600 * 1000;

const position = z.strictObject({ after: z.string().max(64) });

/** What there is to know without a source: connectors, the API's own description, health. */
export const makeHandler = (dependencies: Dependencies) => {
  const { table, connectors, now, log, functionPrefix, countFunctions } = dependencies;
  const functionNames = [
    ...Object.keys(functionEnv).filter((name) => name !== 'ingest'),
    ...connectors.map(({ name }) => `ingest-${name}`),
  ].map((name) => `${functionPrefix}${name}`);
  // Made once, by the first who asks.
  let document: ReturnType<typeof openApiDocument> | null = null;
  const byName = connectors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const answer = createApi(
    'apiCatalog',
    {
      getOpenApi: async () => {
        document ??= openApiDocument(routes);
        return document;
      },
      getProblem: async ({ params: { code } }) => {
        if (!Object.hasOwn(errorTable, code))
          throw new HeadgateError('not_found', 'There is no such problem type.');
        const { title, status, retryable } = errorTable[code as ErrorCode];
        return { code, title, status, retryable };
      },
      listConnectors: async ({ query: { limit, cursor, label } }) => {
        const after =
          cursor === undefined
            ? ''
            : decodeCursor(cursor, 'connectors', label ?? null, position).after;
        return pageFrom(
          byName.filter(
            ({ name, labels }) => name > after && (label === undefined || labels.includes(label)),
          ),
          limit,
          connectorSummaryOf,
          ({ name }) => encodeCursor('connectors', label ?? null, { after: name }),
        );
      },
      getConnector: async ({ params }) => {
        const connector = connectors.find(({ name }) => name === params.name);
        if (connector === undefined)
          throw new HeadgateError('not_found', 'There is no such connector.');
        return connectorDetailsOf(connector);
      },
      getFunctionHealth: async ({ signal }) => {
        const to = now();
        const from = new Date(to.getTime() - dayMilliseconds);
        const counts = await countFunctions(functionNames, { from, to }, signal);
        return {
          from: from.toISOString(),
          to: to.toISOString(),
          invocations: counts.reduce((sum, { invocations }) => sum + invocations, 0),
          failing: counts
            .filter(({ failures }) => failures > 0)
            .map((each) => ({ ...each, name: each.name.slice(functionPrefix.length) }))
            .sort((a, b) => b.failures - a.failures),
        };
      },
      getHealth: async ({ principal, query }) =>
        healthReportOf(eachSource(table, principal), now(), query.limit),
    },
    { log },
  );
  const isDocs = z.object({ routeKey: z.literal(docsRouteKey) });
  return async (...invocation: Parameters<typeof answer>): ReturnType<typeof answer> =>
    isDocs.safeParse(invocation[0]).success ? docsPage : answer(...invocation);
};

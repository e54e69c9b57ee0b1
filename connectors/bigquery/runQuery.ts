import { randomUUID } from 'node:crypto';
import { isObject } from '../../shared/connectors/sql/isObject.ts';
import type { RowPage } from '../../shared/connectors/sql/pagedRows.ts';
import type { SqlStatement } from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { type BigqueryClient, segment } from './bigqueryService.ts';
import { textOfCell } from './cells.ts';
import type { BigqueryField } from './columnType.ts';
import { listOf } from './readCatalogue.ts';

/** A query's job: its result can be read for a day by whoever knows both. */
export interface QueryJob {
  readonly id: string;
  readonly location: string;
}

type Answer = { readonly [name: string]: Json };

/** How long BigQuery may hold an answer back until a query is done. */
const waitMilliseconds = 10_000;
/** Rows asked for at once; BigQuery answers fewer when they are more than 10 MB. */
const rowsPerPage = 50_000;

const projectOf = ({ context }: BigqueryClient): string => {
  const { project, billingProject } = context.config;
  return `/projects/${segment(billingProject ?? project)}`;
};

const configurationOf = (client: BigqueryClient, { sql, values }: SqlStatement): Answer => {
  const { maximumBytesBilled } = client.context.config;
  return {
    query: sql,
    useLegacySql: false,
    parameterMode: 'NAMED',
    queryParameters: values.map((value, index) => ({
      name: `p${index + 1}`,
      parameterType: { type: 'STRING' },
      parameterValue: { value },
    })),
    ...(maximumBytesBilled === undefined ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
  };
};

const locationOf = ({ context }: BigqueryClient): Answer =>
  context.config.location === undefined ? {} : { location: context.config.location };

/** What a query would read, in bytes, without running it: free, and refused where the query would be. */
export async function estimateBytes(
  client: BigqueryClient,
  statement: SqlStatement,
): Promise<number> {
  // A dry run is not held to the limit: that it would be missed is said with figures instead.
  const { maximumBytesBilled: _, ...query } = configurationOf(client, statement);
  const { body } = await client.ask({
    method: 'POST',
    path: `${projectOf(client)}/jobs`,
    body: { jobReference: locationOf(client), configuration: { dryRun: true, query } },
  });
  const statistics = isObject(body) ? body['statistics'] : undefined;
  return Number(isObject(statistics) ? statistics['totalBytesProcessed'] : Number.NaN);
}

/** Begins a query. A request that is sent twice begins it once. */
export async function startQuery(
  client: BigqueryClient,
  statement: SqlStatement,
): Promise<QueryJob> {
  const { config } = client.context;
  const id = `headgate_${randomUUID()}`;
  const project = config.billingProject ?? config.project;
  const started = async (): Promise<Answer> => {
    try {
      const { body } = await client.ask({
        method: 'POST',
        path: `${projectOf(client)}/jobs`,
        body: {
          jobReference: { projectId: project, jobId: id, ...locationOf(client) },
          configuration: {
            jobTimeoutMs: String(config.statementTimeoutSeconds * 1000),
            query: configurationOf(client, statement),
          },
        },
      });
      return body as Answer;
    } catch (error) {
      const isThere = error instanceof HeadgateError && error.facts['status'] === 409;
      if (!isThere) throw error;
      const { body } = await client.ask({
        path: `${projectOf(client)}/jobs/${segment(id)}`,
        query: { ...(locationOf(client) as { location?: string }) },
      });
      return body as Answer;
    }
  };
  const reference = (await started())['jobReference'];
  const location = isObject(reference) ? reference['location'] : undefined;
  return { id, location: typeof location === 'string' ? location : (config.location ?? '') };
}

/** Whether the query is done, waiting a while for it. Throws what it failed with. */
export async function isDone(client: BigqueryClient, job: QueryJob): Promise<boolean> {
  const answer = await resultsOf(client, job, {
    maxResults: '0',
    timeoutMs: String(waitMilliseconds),
  });
  if (answer['jobComplete'] !== true) return false;
  const { totalRows, totalBytesProcessed } = answer;
  client.context.log.info('a query is done', {
    job: job.id,
    rows: String(totalRows),
    bytes: String(totalBytesProcessed),
  });
  return true;
}

/** The rows of a finished query from one on. Throws `cursor_expired` when the result is gone. */
export async function readPage(
  client: BigqueryClient,
  job: QueryJob,
  start: number,
): Promise<RowPage> {
  const answer = await resultsOf(client, job, {
    startIndex: String(start),
    maxResults: String(rowsPerPage),
  });
  const schema = isObject(answer['schema']) ? answer['schema'] : {};
  const fields = listOf(schema['fields']) as readonly (Json & BigqueryField)[];
  const rows = listOf(answer['rows']).map((row) => {
    const cells = isObject(row) ? listOf(row['f']) : [];
    return fields.map((field, index) => {
      const cell = cells[index];
      return textOfCell(isObject(cell) ? (cell['v'] ?? null) : null, field);
    });
  });
  const end = start + rows.length;
  const total = Number(answer['totalRows']);
  if (
    answer['jobComplete'] !== true ||
    !Number.isFinite(total) ||
    (rows.length === 0 && end < total)
  )
    throw new HeadgateError(
      'source_answer_invalid',
      `BigQuery answered no rows from ${start} on, of ${total}.`,
    );
  return { rows, next: end < total ? String(end) : null };
}

async function resultsOf(
  client: BigqueryClient,
  { id, location }: QueryJob,
  query: Readonly<Record<string, string>>,
): Promise<Answer> {
  try {
    const { body } = await client.ask({
      path: `${projectOf(client)}/queries/${segment(id)}`,
      query: {
        ...query,
        ...(location === '' ? {} : { location }),
        'formatOptions.useInt64Timestamp': 'true',
      },
    });
    return body as Answer;
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.code !== 'source_not_found') throw error;
    throw new HeadgateError(
      'cursor_expired',
      'The result of the query is gone: BigQuery keeps it for a day. Start a full refresh.',
      { cause: error, facts: { job: id } },
    );
  }
}

import { generateKeyPairSync } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';
import { type KeptResult, openWarehouse, quoted, type Warehouse } from './warehouse.ts';

/** As the API describes a column. Lists and structures are stored as the API's own JSON. */
export interface BigqueryField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly precision?: string;
  readonly scale?: string;
  readonly fields?: readonly BigqueryField[];
}

/** A project with datasets, tables and jobs; what a query answers is what DuckDB makes of it. */
export interface BigquerySimulator extends Simulator {
  readonly project: string;
  readonly warehouse: Warehouse;
  readonly oauth: TokenEndpoint;
  readonly credentials: { readonly clientEmail: string; readonly privateKey: string };
  createDataset(name: string): Promise<void>;
  /** Answers its name in SQL of the warehouse. `more` joins the API's description of it. */
  createTable(
    dataset: string,
    name: string,
    fields: readonly BigqueryField[],
    more?: Readonly<Record<string, Json>>,
  ): Promise<string>;
  /** Nobody may read it. */
  close(dataset: string): void;
  /** Queries that begin from now on are asked for this often before they are done. */
  slow(polls: number): void;
  /** Results of queries are kept no longer. */
  forgetResults(): void;
  /** Most rows of one answer. */
  limitPages(rows: number): void;
  /** How many queries were run, dry ones left out. */
  readonly queries: () => readonly string[];
}

const types: Readonly<Record<string, string>> = {
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
  BYTES: 'BLOB',
  DATE: 'DATE',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
  TIME: 'TIME',
};
const duckType = ({ type, mode, precision, scale }: BigqueryField): string => {
  if (mode === 'REPEATED') return 'VARCHAR';
  if (type === 'NUMERIC') return `DECIMAL(${precision ?? 38}, ${scale ?? (precision ? 0 : 9)})`;
  return types[type] ?? 'VARCHAR';
};
const plain = new Map(Object.entries(types).map(([type, duck]) => [duck, type]));

/** How the API writes a value, with useInt64Timestamp. */
const apiText = (name: string, type: string): string => {
  switch (type) {
    case 'TIMESTAMP WITH TIME ZONE':
      return `epoch_us(${name})::varchar`;
    case 'TIMESTAMP':
      return `replace(${name}::varchar, ' ', 'T')`;
    case 'BLOB':
      return `base64(${name})`;
    case 'DOUBLE':
      return `case when isinf(${name}) then if(${name} > 0, 'Infinity', '-Infinity') when isnan(${name}) then 'NaN' else ${name}::varchar end`;
    default:
      return type.startsWith('DECIMAL')
        ? `if(contains(${name}::varchar, '.'), rtrim(rtrim(${name}::varchar, '0'), '.'), ${name}::varchar)`
        : `${name}::varchar`;
  }
};

const refusal = (status: number, reason: string, message: string): Answer => ({
  status,
  body: {
    error: {
      code: status,
      message,
      errors: [{ message, domain: 'global', reason }],
      status: status === 403 ? 'PERMISSION_DENIED' : 'INVALID_ARGUMENT',
    },
  },
});

export async function startBigquery(clock: Clock = createClock()): Promise<BigquerySimulator> {
  const project = 'acme-analytics-1';
  const warehouse = await openWarehouse();
  await warehouse.run(`attach ':memory:' as ${quoted(project)}`);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const credentials = {
    clientEmail: 'reader@acme-analytics-1.iam.gserviceaccount.com',
    privateKey,
  };
  const oauth = tokenEndpoint({
    clock,
    path: '/token',
    clientId: '',
    clientSecret: '',
    refreshToken: '',
    rotates: false,
    lifetimeSeconds: 3600,
    publicKey,
    audience: 'https://oauth2.googleapis.com/token',
  });
  interface Table {
    readonly fields: readonly BigqueryField[];
    readonly more: Readonly<Record<string, Json>>;
  }
  interface Job {
    readonly query: string;
    readonly result: KeptResult;
    readonly fields: readonly BigqueryField[];
    polls: number;
  }
  const datasets = new Map<string, Map<string, Table>>();
  const closed = new Set<string>();
  const jobs = new Map<string, Job>();
  const queries: string[] = [];
  let polls = 0;
  let rowsPerAnswer = 10_000;

  /** BigQuery's spelling of types and names in DuckDB's; anything else fails there as it would here. */
  const translated = (sql: string): string => {
    if (/["$;]|--/.test(sql)) throw new Error('Syntax error: no GoogleSQL');
    return sql
      .replaceAll('`', '"')
      .replaceAll(/@(p\d+)/g, '$$$1')
      .replaceAll(/ as TIMESTAMP\)/g, ' as TIMESTAMPTZ)')
      .replaceAll(/ as DATETIME\)/g, ' as TIMESTAMP)')
      .replaceAll(/ as INT64\)/g, ' as BIGINT)');
  };
  const tableOf = (sql: string): readonly [dataset: string, table: Table | undefined] | null => {
    const [, , dataset = '', name = ''] = /from `([^`]+)`\.`([^`]+)`\.`([^`]+)`/.exec(sql) ?? [];
    return dataset === '' ? null : [dataset, datasets.get(dataset)?.get(name)];
  };

  async function insert({ body }: SimulatedRequest): Promise<Answer> {
    const { jobReference, configuration } = body as unknown as {
      jobReference: { jobId?: string; location?: string };
      configuration: {
        dryRun?: boolean;
        query: {
          query: string;
          queryParameters?: { name: string; parameterValue: { value: string } }[];
        };
      };
    };
    if ((jobReference.location ?? 'EU') !== 'EU')
      return refusal(404, 'notFound', 'Not found: Dataset was not found in location US');
    const sql = configuration.query.query;
    const table = tableOf(sql);
    if (table !== null && closed.has(table[0]))
      return refusal(403, 'accessDenied', `Access Denied: Dataset ${table[0]}`);
    if (table !== null && table[1] === undefined)
      return refusal(404, 'notFound', `Not found: Table in ${table[0]}`);
    const reference = { projectId: project, location: 'EU', jobId: jobReference.jobId ?? 'dry' };
    const jobId = reference.jobId;
    if (configuration.dryRun === true)
      return {
        body: {
          kind: 'bigquery#job',
          jobReference: { projectId: project, location: 'EU' },
          status: { state: 'DONE' },
          statistics: { totalBytesProcessed: table === null ? '0' : '20971520' },
        },
      };
    if (jobs.has(jobId)) return refusal(409, 'duplicate', `Already Exists: Job ${jobId}`);
    const values = Object.fromEntries(
      (configuration.query.queryParameters ?? []).map(({ name, parameterValue }) => [
        name,
        parameterValue.value,
      ]),
    );
    queries.push(sql);
    const result = await warehouse.keep(translated(sql), values);
    const own = new Map((table?.[1]?.fields ?? []).map((field) => [field.name, field]));
    const fields = result.columns.map(
      ({ name, type }): BigqueryField =>
        own.get(name) ?? {
          name: name.replaceAll(/[^a-z0-9_]/gi, '_'),
          type: plain.get(type.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')) ?? 'STRING',
        },
    );
    jobs.set(jobId, { query: sql, result, fields, polls });
    return {
      body: {
        kind: 'bigquery#job',
        id: `${project}:EU.${jobId}`,
        jobReference: reference,
        status: { state: 'RUNNING' },
      },
    };
  }

  async function results({ parameters, query }: SimulatedRequest): Promise<Answer> {
    const jobId = parameters['queryId'] ?? '';
    const job = jobs.get(jobId);
    if (job === undefined || query.get('location') !== 'EU')
      return refusal(404, 'notFound', `Not found: Job ${jobId}`);
    const kind = 'bigquery#getQueryResultsResponse';
    const jobReference = { projectId: project, jobId, location: 'EU' };
    if (job.polls > 0) {
      job.polls -= 1;
      return { body: { kind, jobReference, jobComplete: false } };
    }
    if (query.get('formatOptions.useInt64Timestamp') !== 'true')
      throw new Error('times would come as floating point numbers');
    const start = Number(query.get('startIndex') ?? 0);
    const wanted = Math.min(Number(query.get('maxResults') ?? rowsPerAnswer), rowsPerAnswer);
    const { result, fields } = job;
    const found = await warehouse.page(result, start, wanted, apiText);
    const rows = found.map((row) => ({
      f: row.map((text, index) => {
        const field = fields[index];
        const isNested = field?.mode === 'REPEATED' || field?.type === 'RECORD';
        return { v: text !== null && isNested ? (JSON.parse(text) as Json) : text };
      }),
    }));
    return {
      body: {
        kind,
        jobReference,
        jobComplete: true,
        totalRows: String(result.rows),
        totalBytesProcessed: '20971520',
        schema: { fields: fields as unknown as Json },
        ...(rows.length === 0 ? {} : { rows }),
        ...(start + rows.length < result.rows ? { pageToken: `t${start}` } : {}),
      },
    };
  }

  const within =
    (answer: (request: SimulatedRequest, tables: Map<string, Table>) => Answer) =>
    (request: SimulatedRequest): Answer => {
      const name = request.parameters['dataset'] ?? '';
      const tables = datasets.get(name);
      if (request.parameters['project'] !== project || tables === undefined)
        return refusal(404, 'notFound', `Not found: Dataset ${name}`);
      if (closed.has(name)) return refusal(403, 'accessDenied', `Access Denied: Dataset ${name}`);
      return answer(request, tables);
    };
  const base = '/bigquery/v2/projects/{project}';
  const referenceOf = (request: SimulatedRequest, tableId: string): Json => ({
    projectId: project,
    datasetId: request.parameters['dataset'] ?? '',
    tableId,
  });

  const simulator = await startSimulator(
    {
      origins: ['https://bigquery.googleapis.com', 'https://oauth2.googleapis.com'],
      check: openApiCheck('specs/google_bigquery_v2.oas.json', '/bigquery/v2'),
      throttled: () => refusal(403, 'rateLimitExceeded', 'Exceeded rate limits'),
      refuse: ({ headers }) =>
        oauth.accepts(headers.get('authorization'))
          ? null
          : refusal(401, 'authError', 'Request had invalid authentication credentials.'),
      routes: [
        oauth.route,
        {
          method: 'GET',
          path: `${base}/datasets/{dataset}`,
          answer: within(({ parameters }) => ({
            body: {
              kind: 'bigquery#dataset',
              datasetReference: { projectId: project, datasetId: parameters['dataset'] ?? '' },
              location: 'EU',
            },
          })),
        },
        {
          method: 'GET',
          path: `${base}/datasets/{dataset}/tables`,
          answer: within((request, tables) => {
            // Two at a time, so that there are pages.
            const all = [...tables.keys()];
            const start = Number(request.query.get('pageToken') ?? 0);
            return {
              body: {
                kind: 'bigquery#tableList',
                totalItems: all.length,
                tables: all.slice(start, start + 2).map((name) => ({
                  kind: 'bigquery#table',
                  tableReference: referenceOf(request, name),
                  type: 'TABLE',
                })),
                ...(start + 2 < all.length ? { nextPageToken: String(start + 2) } : {}),
              },
            };
          }),
        },
        {
          method: 'GET',
          path: `${base}/datasets/{dataset}/tables/{table}`,
          answer: within((request, tables) => {
            const name = request.parameters['table'] ?? '';
            const table = tables.get(name);
            if (table === undefined) return refusal(404, 'notFound', `Not found: Table ${name}`);
            return {
              body: {
                kind: 'bigquery#table',
                tableReference: referenceOf(request, name),
                type: 'TABLE',
                numBytes: '1000',
                schema: { fields: table.fields as unknown as Json },
                ...table.more,
              },
            };
          }),
        },
        {
          method: 'POST',
          path: `${base}/jobs`,
          answer: (request) =>
            insert(request).catch((error: unknown) =>
              refusal(400, 'invalidQuery', String(error instanceof Error ? error.message : error)),
            ),
        },
        {
          method: 'GET',
          path: `${base}/jobs/{job}`,
          answer: ({ parameters }) => ({
            body: {
              kind: 'bigquery#job',
              jobReference: { projectId: project, jobId: parameters['job'] ?? '', location: 'EU' },
              status: { state: 'RUNNING' },
            },
          }),
        },
        { method: 'GET', path: `${base}/queries/{queryId}`, answer: results },
      ],
    },
    clock,
  );
  const stop = simulator[Symbol.asyncDispose].bind(simulator);
  return Object.assign(simulator, {
    project,
    warehouse,
    oauth,
    credentials,
    createDataset: async (name: string) => {
      datasets.set(name, new Map());
      await warehouse.run(`create schema ${quoted(project)}.${quoted(name)}`);
    },
    createTable: async (
      dataset: string,
      name: string,
      fields: readonly BigqueryField[],
      more: Readonly<Record<string, Json>> = {},
    ) => {
      datasets.get(dataset)?.set(name, { fields, more });
      const path = [project, dataset, name].map(quoted).join('.');
      const columns = fields.map((field) => `${quoted(field.name)} ${duckType(field)}`);
      await warehouse.run(`create table ${path} (${columns.join(', ')})`);
      return path;
    },
    close: (dataset: string) => {
      closed.add(dataset);
    },
    slow: (count: number) => {
      polls = count;
    },
    forgetResults: () => jobs.clear(),
    limitPages: (rows: number) => {
      rowsPerAnswer = rows;
    },
    queries: () => queries,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await warehouse[Symbol.asyncDispose]();
    },
  });
}

import { isObject } from '../../shared/connectors/sql/isObject.ts';
import type { SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import {
  datasetPattern,
  identifierPattern,
  quoteIdentifier,
  tablePattern,
} from './bigqueryNames.ts';
import { type BigqueryClient, segment } from './bigqueryService.ts';
import { type BigqueryField, columnOf } from './columnType.ts';

/** How many tables are asked for at once. */
const side = 8;

type Answer = { readonly [name: string]: Json };

const notFound = (error: unknown): boolean =>
  error instanceof HeadgateError && error.code === 'source_not_found';

/** Whether the dataset is there. Throws `source_forbidden` where the service account may not know. */
export async function hasDataset(client: BigqueryClient, dataset: string): Promise<boolean> {
  if (!datasetPattern.test(dataset)) return false;
  try {
    await client.ask({ path: datasetPath(client, dataset) });
    return true;
  } catch (error) {
    if (notFound(error)) return false;
    throw error;
  }
}

/** Tables, views, snapshots and external tables of a dataset, or the one named. Models and routines are left out. */
export async function readTables(
  client: BigqueryClient,
  dataset: string,
  table: string | undefined,
  leftOut: (table: string) => void,
): Promise<readonly SqlTable[]> {
  if (!datasetPattern.test(dataset)) return [];
  const names = table === undefined ? await namesOf(client, dataset) : [table];
  const offered = names.filter((name) => {
    if (tablePattern.test(name)) return true;
    leftOut(name);
    return false;
  });
  const tables: SqlTable[] = [];
  for (let at = 0; at < offered.length; at += side) {
    const some = offered.slice(at, at + side).map((name) => describe(client, dataset, name));
    tables.push(...(await Promise.all(some)).filter((described) => described !== null));
  }
  return tables;
}

async function namesOf(client: BigqueryClient, dataset: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (let token: string | null = ''; token !== null; ) {
    const { body } = await client.ask({
      path: `${datasetPath(client, dataset)}/tables`,
      query: { maxResults: '1000', ...(token === '' ? {} : { pageToken: token }) },
    });
    const page = body as Answer;
    for (const each of listOf(page['tables'])) {
      const reference = isObject(each) ? each['tableReference'] : undefined;
      if (isObject(reference) && typeof reference['tableId'] === 'string')
        names.push(reference['tableId']);
    }
    const next = page['nextPageToken'];
    token = typeof next === 'string' && next !== '' ? next : null;
  }
  return names;
}

/** null: it is gone. */
async function describe(
  client: BigqueryClient,
  dataset: string,
  name: string,
): Promise<SqlTable | null> {
  const { project } = client.context.config;
  const plain = {
    schema: dataset,
    name,
    from: [project, dataset, name].map(quoteIdentifier).join('.'),
    // Keys that are declared are not enforced: no order can be told by them.
    orderKey: [],
    keepsResults: true,
  } as const;
  try {
    const { body } = await client.ask({
      path: `${datasetPath(client, dataset)}/tables/${segment(name)}`,
    });
    return { ...plain, ...describedBy(body as Answer) };
  } catch (error) {
    if (notFound(error)) return null;
    if (!(error instanceof HeadgateError) || error.code !== 'source_forbidden') throw error;
    const notes = ['The service account may not read it. Grant BigQuery Data Viewer.'];
    return { ...plain, columns: [], primaryKey: [], forbidden: true, indexed: new Set(), notes };
  }
}

function describedBy(
  answer: Answer,
): Pick<SqlTable, 'columns' | 'primaryKey' | 'forbidden' | 'indexed' | 'notes'> {
  const schema = isObject(answer['schema']) ? answer['schema'] : {};
  const fields = listOf(schema['fields']) as readonly (Json & BigqueryField)[];
  const columns = fields.filter(({ name }) => identifierPattern.test(name)).map(columnOf);
  const constraints = isObject(answer['tableConstraints']) ? answer['tableConstraints'] : {};
  const key = isObject(constraints['primaryKey']) ? constraints['primaryKey'] : {};
  const primaryKey = listOf(key['columns']).filter((name) => typeof name === 'string');
  const { type } = answer;
  const partition = isObject(answer['timePartitioning']) ? answer['timePartitioning'] : {};
  const range = isObject(answer['rangePartitioning']) ? answer['rangePartitioning'] : {};
  const clustering = isObject(answer['clustering']) ? answer['clustering'] : {};
  const divided = [partition['field'], range['field'], listOf(clustering['fields'])[0]];
  const needsFilter =
    answer['requirePartitionFilter'] === true || partition['requirePartitionFilter'] === true;
  return {
    columns,
    primaryKey: primaryKey.every((name) => columns.some((column) => column.name === name))
      ? primaryKey
      : [],
    forbidden: false,
    indexed: new Set(divided.filter((name) => typeof name === 'string')),
    notes: [
      ...(type === 'VIEW' ? ['A view: each read runs its query.'] : []),
      ...(type === 'EXTERNAL' ? ['An external table: each read reads its files.'] : []),
      ...(primaryKey.length > 0
        ? [
            'Its primary key is declared and not enforced by BigQuery: of rows that share it, one is kept where rows are replaced by key.',
          ]
        : []),
      ...(needsFilter
        ? ['It asks for a filter on its partition column: a whole read is refused by BigQuery.']
        : []),
    ],
  };
}

const datasetPath = (client: BigqueryClient, dataset: string): string =>
  `/projects/${segment(client.context.config.project)}/datasets/${segment(dataset)}`;

export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? value : [];

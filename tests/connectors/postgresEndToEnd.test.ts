import { afterAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../postgres.ts';
import { seeded } from '../randomness.ts';
import { startEchoingPostgres } from '../simulators/echoingPostgres.ts';
import { startHeadgate } from '../startHeadgate.ts';
import { watchHeadgate } from '../watchHeadgate.ts';
import { compareEndToEnd, type ExpectedColumn } from './endToEnd.ts';
import { valueKinds } from './postgresValues.ts';

const postgres = await startPostgres();
const headgate = await startHeadgate();
const watch = await watchHeadgate(headgate);
const { api } = watch;
afterAll(async () => {
  await watch[Symbol.asyncDispose]();
  await headgate[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const sourceOf = (
  key: string,
  config: object = {},
): { key: string; readonly [field: string]: unknown } => ({
  key,
  connector: 'postgres',
  config: {
    host: postgres.host,
    port: postgres.port,
    database: 'postgres',
    sslmode: 'require',
    ...config,
  },
  credentials: { user: postgres.user, password: postgres.password },
});

/** How PostgreSQL itself prints a column, for comparison. */
const printed = (name: string, sql: string): string => {
  if (sql === 'boolean') return `case when ${name} then 't' when not ${name} then 'f' end`;
  if (sql.endsWith('[]')) return `to_json(${name})::text`;
  // Where a cast to text prints something else than the type does.
  if (sql.startsWith('char(') || sql === 'inet') return `to_json(${name}) #>> '{}'`;
  return sql === 'money' ? `${name}::numeric::text` : `${name}::text`;
};
const printedRows = async (
  table: string,
  columns: readonly { readonly name: string; readonly sql: string }[],
): Promise<readonly (readonly (string | null)[])[]> => {
  const client = await postgres.connect();
  try {
    await client.query(
      `set time zone 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'iso_8601'`,
    );
    const select = columns.map(({ name, sql }) => printed(name, sql)).join(', ');
    const { rows } = await client.query({
      text: `select ${select} from ${table}`,
      rowMode: 'array',
    });
    return rows;
  } finally {
    await client.end();
  }
};

describe('postgres through Headgate', () => {
  it('becomes a table in which every value of every type is what the source has', async () => {
    const random = seeded('end to end');
    const client = await postgres.connect();
    const columns = [
      { name: 'id', sql: 'int', type: 'int' },
      ...valueKinds.map(({ sql, type }, index) => ({ name: `c${index}`, sql, type })),
    ];
    try {
      await client.query(
        `create table kinds(${columns.map(({ name, sql }) => `${name} ${sql}`).join(', ')}, primary key (id))`,
      );
      for (let id = 1; id <= 200; id += 1)
        await client.query(
          `insert into kinds values (${id}, ${valueKinds
            .map(({ sql }, index) =>
              sql.endsWith('[]')
                ? `(select array_agg(x::${sql.slice(0, -2)}) from json_array_elements_text($${index + 1}::json) x)`
                : `$${index + 1}::${sql}`,
            )
            .join(', ')})`,
          valueKinds.map((kind) => (random.chance(0.1) ? null : kind.make(random))),
        );
    } finally {
      await client.end();
    }
    const rows = await printedRows('kinds', columns);
    await compareEndToEnd(headgate, sourceOf('kinds'), { stream: 'public.kinds', columns, rows });
  });
});

it('of 1,600 columns, as many as PostgreSQL allows, arrives whole', async () => {
  const kinds = ['int', 'boolean', 'text', 'date', 'int', 'numeric(6,2)', 'smallint', 'char(1)'];
  const types: Readonly<Record<string, ExpectedColumn['type']>> = {
    boolean: 'boolean',
    text: 'string',
    date: 'date',
    'numeric(6,2)': 'decimal(6, 2)',
    'char(1)': 'string',
  };
  const columns = Array.from({ length: 1_600 }, (_, index) => {
    const sql = index === 0 ? 'int' : (kinds[index % kinds.length] ?? 'int');
    return { name: index === 0 ? 'id' : `column_${index}`, sql, type: types[sql] ?? 'int' };
  });
  const value = ({ sql }: { sql: string }, index: number): string => {
    if (index === 0) return 'i';
    const number = `(i * 31 + ${index}) % 200`;
    const byType: Readonly<Record<string, string>> = {
      boolean: `${number} < 100`,
      text: `chr(33 + (${number}) % 90)`,
      date: `date '2024-01-01' + ${number}`,
      'numeric(6,2)': `(${number}) / 8.0`,
      'char(1)': `nullif('x', chr(119 + (${number}) % 3))`,
    };
    return byType[sql] ?? number;
  };
  const client = await postgres.connect();
  try {
    await client.query(
      `create table wide(${columns.map(({ name, sql }) => `${name} ${sql}`).join(', ')}, primary key (id))`,
    );

    await client.query(
      `insert into wide select ${columns.map(value).join(', ')} from generate_series(1, 40) i`,
    );
  } finally {
    await client.end();
  }
  const rows = await printedRows('wide', columns);
  expect(rows).toHaveLength(40);
  await compareEndToEnd(headgate, sourceOf('wide'), { stream: 'public.wide', columns, rows });
});

it('has the hours of a backfill replaced that the source’s zone means by them', async () => {
  await postgres.execute(`create table hours(at timestamp not null, word text);
    insert into hours select timestamp '2024-05-01' + i * interval '1 hour', 'first' from generate_series(0, 23) i`);
  const { config, ...source } = sourceOf('hours');
  await api.call('POST', '/v1/sources', {
    ...source,
    name: 'hours',
    config: { ...(config as object), timeZone: 'America/New_York' },
    streams: { 'public.hours': { syncMode: 'incremental', cursorField: 'at' } },
  });
  expect(await api.runToEnd('hours')).toMatchObject({ counts: { written: 24 } });
  await postgres.execute("update hours set word = 'second'");
  const window = { startDate: '2024-05-01T12:00:00Z', endDate: '2024-05-01T14:00:00Z' };
  expect(await api.runToEnd('hours', window)).toMatchObject({ counts: { written: 2 } });
  const { rows } = await api.call<{ rows: { at: string; word: string }[] }>(
    'GET',
    '/v1/sources/hours/preview?stream=public.hours&limit=100',
  );
  expect(rows).toHaveLength(24);
  const replaced = rows.filter(({ word }) => word === 'second').map(({ at }) => at.slice(11, 13));
  expect(replaced.sort()).toEqual(['08', '09']);
});

it('keeps passwords to itself, also of runs that are refused, and of a server that tells them again', async () => {
  await using echoing = await startEchoingPostgres();
  const wrong = 'wrong-canary/pass+word=18';
  await api.call('PUT', '/v1/sources/hours/credentials?verify=false', {
    credentials: { user: postgres.user, password: wrong },
  });
  const refused = await api.runToEnd('hours');
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'invalid_credentials' } });
  const told = 'told-canary pass"word" 77';
  await api.call('POST', '/v1/sources?verify=false', {
    ...sourceOf('echoing', { port: echoing.port, sslmode: 'disable' }),
    name: 'echoing',
    status: 'active',
    credentials: { user: 'reader', password: told },
    streams: { 'public.people': {} },
  });
  const failed = await api.runToEnd('echoing');
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'invalid_credentials' } });
  expect(echoing.heard).toContain(told);
  await api.call('POST', '/v1/sources/echoing/test');
  expect(await watch.findLeaks([postgres.password, wrong, told], failed.id)).toEqual([]);
});

import { createHash, createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type KeptResult, openWarehouse, quoted, type Warehouse } from './warehouse.ts';

/** A column as it was declared: `NUMBER(12,2)`, `TIMESTAMP_TZ`, `VARIANT` … */
export interface SnowflakeColumn {
  readonly name: string;
  readonly type: string;
  readonly required?: true;
}

/** An account with a database; what a statement answers is what DuckDB makes of it. */
export interface SnowflakeSimulator extends Simulator {
  readonly account: string;
  readonly database: string;
  readonly warehouse: Warehouse;
  /** Of a key pair; the tokens are the other ways to sign in. */
  readonly credentials: { readonly user: string; readonly privateKey: string };
  readonly accessToken: string;
  readonly oauthToken: string;
  createSchema(name: string): Promise<void>;
  /** Answers its name in SQL of the warehouse. */
  createTable(
    schema: string,
    name: string,
    columns: readonly SnowflakeColumn[],
    primaryKey?: readonly string[],
  ): Promise<string>;
  /** The role sees it and may not read it. */
  close(table: string): void;
  /** Statements that are handed in from now on are looked after this often before they are done. */
  slow(looks: number): void;
  /** Results are kept no longer. */
  forgetResults(): void;
  /** Rows of a part of a result. */
  limitParts(rows: number): void;
  readonly statements: () => readonly string[];
}

const duckType = (type: string): string => {
  const [, name = '', digits] = /^(\w+)(?:\((.*)\))?$/.exec(type) ?? [];
  switch (name) {
    case 'NUMBER':
      return `DECIMAL(${digits ?? '38,0'})`;
    case 'FLOAT':
      return 'DOUBLE';
    case 'BOOLEAN':
    case 'DATE':
    case 'TIME':
      return name;
    case 'BINARY':
      return 'BLOB';
    case 'TIMESTAMP_NTZ':
      return 'TIMESTAMP';
    case 'TIMESTAMP_TZ':
    case 'TIMESTAMP_LTZ':
      return 'TIMESTAMPTZ';
    default:
      return 'VARCHAR';
  }
};

/** The type as results name it. */
const resultType = (declared: string | undefined, duck: string): string => {
  const name = declared?.replace(/\(.*/, '');
  if (name === 'NUMBER') return 'fixed';
  if (name === 'FLOAT') return 'real';
  if (name !== undefined) return name === 'VARCHAR' ? 'text' : name.toLowerCase();
  if (duck.startsWith('DECIMAL') || duck.endsWith('INT') || duck === 'INTEGER') return 'fixed';
  const known: Readonly<Record<string, string>> = {
    'TIMESTAMP WITH TIME ZONE': 'timestamp_tz',
    TIMESTAMP: 'timestamp_ntz',
    DATE: 'date',
  };
  return known[duck] ?? 'text';
};

const seconds = (microseconds: string): string =>
  `printf('%s%d.%06d000', if(${microseconds} < 0, '-', ''), abs(${microseconds}) // 1000000, abs(${microseconds}) % 1000000)`;

/** How results write a value. */
const resultText = (name: string, type: string, declared: string | undefined): string => {
  switch (type) {
    case 'TIMESTAMP WITH TIME ZONE':
      // An hour ahead of UTC, as 1440 and 60 minutes.
      return declared?.startsWith('TIMESTAMP_LTZ')
        ? seconds(`epoch_us(${name})`)
        : `${seconds(`epoch_us(${name})`)} || ' 1500'`;
    case 'TIMESTAMP':
      return seconds(`epoch_us(${name})`);
    case 'TIME':
      return seconds(`epoch_us(${name})`);
    case 'DATE':
      return `(${name} - date '1970-01-01')::varchar`;
    case 'BLOB':
      return `hex(${name})`;
    case 'DOUBLE':
      return `case when isinf(${name}) then if(${name} > 0, 'inf', '-inf') when isnan(${name}) then 'NaN' else ${name}::varchar end`;
    default:
      return `${name}::varchar`;
  }
};

const refusal = (status: number, code: string, message: string, sqlState = '42000'): Answer => ({
  status,
  body: {
    code,
    message,
    sqlState,
    statementHandle: randomUUID(),
    createdOn: 1_760_000_000_000,
  },
});

export async function startSnowflake(clock: Clock = createClock()): Promise<SnowflakeSimulator> {
  const [account, database, user] = ['acme-prod', 'ANALYTICS', 'reader@example.com'];
  const warehouse = await openWarehouse();
  await warehouse.run(`attach ':memory:' as ${quoted(database)};
    create schema ${quoted(database)}."catalogue";
    create table ${quoted(database)}."catalogue"."SCHEMATA"(schema_name varchar);
    create table ${quoted(database)}."catalogue"."TABLES"(table_schema varchar, table_name varchar,
      table_type varchar, clustering_key varchar);
    create table ${quoted(database)}."catalogue"."COLUMNS"(table_schema varchar, table_name varchar,
      column_name varchar, data_type varchar, is_nullable varchar, numeric_precision int, numeric_scale int,
      ordinal_position int);
    create table ${quoted(database)}."catalogue"."KEYS"(created_on varchar, database_name varchar,
      schema_name varchar, table_name varchar, column_name varchar, key_sequence int);
    create table ${quoted(database)}."catalogue"."VERSION"(version varchar);
    insert into ${quoted(database)}."catalogue"."VERSION" values ('9.31.1')`);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const [accessToken, oauthToken] = ['pat-canary-41fe', 'oauth-canary-93ad'];
  const fingerprint = createHash('sha256')
    .update(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
    .digest('base64');

  interface Statement {
    readonly result: KeptResult;
    readonly declared: ReadonlyMap<string, string>;
    looks: number;
  }
  const declared = new Map<string, ReadonlyMap<string, string>>();
  const closed = new Set<string>();
  const kept = new Map<string, Statement>();
  const statements: string[] = [];
  let looks = 0;
  let rowsPerPart = 10_000;

  function isSigned(token: string): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const good = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      publicKey,
      Buffer.from(signature, 'base64url'),
    );
    if (!good) return false;
    const told = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const name = `${account}.${user}`.toUpperCase();
    const now = clock.now().getTime() / 1000;
    return (
      told['iss'] === `${name}.SHA256:${fingerprint}` &&
      told['sub'] === name &&
      Number(told['exp']) > now &&
      Number(told['exp']) <= now + 3600
    );
  }

  const translated = (sql: string): string => {
    let count = 0;
    if (/[`;$]|--/.test(sql)) throw new Error('no SQL of Snowflake');
    return sql
      .replaceAll('?', () => {
        count += 1;
        return `$p${count}`;
      })
      .replaceAll('"INFORMATION_SCHEMA"', '"catalogue"')
      .replace(
        'select current_version()',
        `select version from ${quoted(database)}."catalogue"."VERSION"`,
      )
      .replace(
        /^show primary keys in schema "([^"]+)"\."([^"]+)"$/,
        `select * from "$1"."catalogue"."KEYS" where schema_name = '$2'`,
      )
      .replaceAll(/ as TIMESTAMP_(TZ|LTZ)\)/g, ' as TIMESTAMPTZ)')
      .replaceAll(' as TIMESTAMP_NTZ)', ' as TIMESTAMP)')
      .replaceAll(/ as NUMBER\(/g, ' as DECIMAL(');
  };

  async function submit({ body, query }: SimulatedRequest): Promise<Answer> {
    const {
      statement,
      bindings,
      warehouse: compute,
    } = body as unknown as {
      statement: string;
      warehouse: string;
      bindings?: Record<string, { type: string; value: string }>;
    };
    if (compute !== 'READING')
      return refusal(
        422,
        '000606',
        'No active warehouse selected in the current session.',
        '57P03',
      );
    statements.push(statement);
    const [, schema = '', name = ''] = /from "[^"]+"\."([^"]+)"\."([^"]+)"/.exec(statement) ?? [];
    if (closed.has(name))
      return refusal(
        422,
        '003001',
        `SQL access control error: Insufficient privileges on ${name}`,
        '42501',
      );
    const values = Object.fromEntries(
      Object.entries(bindings ?? {}).map(([index, { value }]) => [`p${index}`, value]),
    );
    let result: KeptResult;
    try {
      result = await warehouse.keep(translated(statement), values);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return /does not exist/.test(message)
        ? refusal(
            422,
            '002003',
            `SQL compilation error: Object does not exist or not authorized.`,
            '02000',
          )
        : refusal(422, '001003', `SQL compilation error: ${message}`);
    }
    const handle = randomUUID();
    const types = declared.get(`${schema}.${name}`) ?? new Map<string, string>();
    kept.set(handle, { result, declared: types, looks });
    return query.get('async') === 'true' || looks > 0 ? running(handle) : part(handle, 0);
  }

  const running = (handle: string): Answer => ({
    status: 202,
    body: {
      code: '333334',
      message: 'Asynchronous execution in progress.',
      statementHandle: handle,
      statementStatusUrl: `/api/v2/statements/${handle}`,
    },
  });

  async function part(handle: string, index: number): Promise<Answer> {
    const statement = kept.get(handle);
    if (statement === undefined) return refusal(404, '391000', 'Statement not found.');
    if (statement.looks > 0) {
      statement.looks -= 1;
      return running(handle);
    }
    const { result, declared: types } = statement;
    const data = await warehouse.page(result, index * rowsPerPart, rowsPerPart, (name, type) =>
      resultText(name, type, types.get(name.slice(1, -1))),
    );
    const parts = Math.max(1, Math.ceil(result.rows / rowsPerPart));
    const metadata: Json = {
      format: 'jsonv2',
      numRows: result.rows,
      partitionInfo: Array.from({ length: parts }, (_, each) => ({
        rowCount: Math.min(rowsPerPart, result.rows - each * rowsPerPart),
        uncompressedSize: 1000,
      })),
      rowType: result.columns.map(({ name, type }) => ({
        name,
        type: resultType(types.get(name), type),
        nullable: true,
      })),
    };
    return {
      body: {
        ...(index === 0
          ? { resultSetMetaData: metadata, code: '090001', sqlState: '00000', message: 'done' }
          : {}),
        statementHandle: handle,
        data: data as unknown as Json,
      },
    };
  }

  const simulator = await startSimulator(
    {
      origins: [`https://${account}.snowflakecomputing.com`],
      check: openApiCheck('specs/snowflake_sqlapi_v2.json'),
      throttled: (wait) => ({
        ...refusal(429, '391902', 'Too many requests.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        if (!headers.get('user-agent')?.startsWith('headgate'))
          return refusal(400, '391903', 'The User-Agent header is missing.');
        const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';
        switch (headers.get('x-snowflake-authorization-token-type')) {
          case 'KEYPAIR_JWT':
            return isSigned(token) ? null : refusal(401, '390144', 'JWT token is invalid.');
          case 'PROGRAMMATIC_ACCESS_TOKEN':
            return token === accessToken ? null : refusal(401, '390303', 'Invalid access token.');
          case 'OAUTH':
            return token === oauthToken ? null : refusal(401, '390318', 'OAuth token expired.');
          default:
            return refusal(401, '390101', 'Authorization type is missing.');
        }
      },
      routes: [
        { method: 'POST', path: '/api/v2/statements', answer: submit },
        {
          method: 'GET',
          path: '/api/v2/statements/{handle}',
          answer: ({ parameters, query }) =>
            part(parameters['handle'] ?? '', Number(query.get('partition') ?? 0)),
        },
      ],
    },
    clock,
  );
  const stop = simulator[Symbol.asyncDispose].bind(simulator);
  const catalogue = `${quoted(database)}."catalogue"`;
  return Object.assign(simulator, {
    account,
    database,
    warehouse,
    credentials: { user, privateKey },
    accessToken,
    oauthToken,
    createSchema: async (name: string) => {
      await warehouse.run(`create schema ${quoted(database)}.${quoted(name)};
        insert into ${catalogue}."SCHEMATA" values ('${name}')`);
    },
    createTable: async (
      schema: string,
      name: string,
      columns: readonly SnowflakeColumn[],
      primaryKey: readonly string[] = [],
    ) => {
      const path = [database, schema, name].map(quoted).join('.');
      const types = columns.map((column) => `${quoted(column.name)} ${duckType(column.type)}`);
      declared.set(
        `${schema}.${name}`,
        new Map(columns.map((column) => [column.name, column.type])),
      );
      const described = columns.map(({ name: column, type, required }, index) => {
        const [, kind = '', digits = '38,0'] = /^(\w+)(?:\((.*)\))?$/.exec(type) ?? [];
        const numbers = kind === 'NUMBER' ? digits : 'null, null';
        return `('${schema}', '${name}', '${column}', '${kind === 'VARCHAR' ? 'TEXT' : kind}', '${required ? 'NO' : 'YES'}', ${numbers}, ${index + 1})`;
      });
      await warehouse.run(`create table ${path} (${types.join(', ')});
        insert into ${catalogue}."TABLES" values ('${schema}', '${name}', 'BASE TABLE', null);
        insert into ${catalogue}."COLUMNS" values ${described.join(', ')}`);
      for (const [index, column] of primaryKey.entries())
        await warehouse.run(
          `insert into ${catalogue}."KEYS" values ('', '${database}', '${schema}', '${name}', '${column}', ${index + 1})`,
        );
      return path;
    },
    close: (table: string) => {
      closed.add(table);
    },
    slow: (count: number) => {
      looks = count;
    },
    forgetResults: () => kept.clear(),
    limitParts: (rows: number) => {
      rowsPerPart = rows;
    },
    statements: () => statements,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await warehouse[Symbol.asyncDispose]();
    },
  });
}

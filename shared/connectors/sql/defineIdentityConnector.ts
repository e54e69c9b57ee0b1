import * as z from 'zod';
import { HeadgateError } from '../../errors.ts';
import type { Batch, CheckResult, Connector, Context, StreamRequest } from '../connector.ts';
import { failedCheck } from '../failedCheck.ts';
import { type SqlConnector, translatorOf } from './defineSqlConnector.ts';
import { describeTable } from './describeTable.ts';
import { findTable } from './findTable.ts';
import {
  type IdentifierRules,
  type IdentityOptions,
  identityOptions,
  landingNames,
  sharedLandingName,
} from './identityOptions.ts';
import type { SqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlSession, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** What an identity connector adds to the SQL connector it is derived from: words and patterns. */
export interface IdentitySpec extends Pick<Connector, 'name' | 'title' | 'description'> {
  /** The SQL connector's settings; of these, the schemas are left out. */
  readonly server: z.ZodRawShape;
  readonly identifiers: IdentifierRules;
}

/** The one stream of an identity connector. */
export const peopleStream = 'people';

/**
 * Reads one table of people through a SQL connector: its key lands as `id`, its e-mail address as `email`, its name as
 * `name`, so that people of different databases have one shape. Cursors, resuming and errors are those of the SQL
 * connector, and so are the checkpoints. Rows replace earlier rows of the same key.
 */
export function defineIdentityConnector<Config extends SqlOptions, Credentials>(
  base: SqlConnector<Config, Credentials>,
  { server, identifiers, ...words }: IdentitySpec,
): Connector<IdentityOptions, Credentials, SqlCheckpoint> {
  const { schemas: _, ...shape } = server;
  const config = z.strictObject({ ...shape, ...identityOptions(identifiers) }).check((given) => {
    const problem = sharedLandingName(given.value as IdentityOptions);
    if (problem !== null)
      given.issues.push({
        code: 'custom',
        message: problem,
        path: ['columns'],
        input: given.value,
      });
  }) as unknown as z.ZodType<IdentityOptions>;

  type Ctx = Context<IdentityOptions, Credentials>;
  const inBase = (context: Ctx): Context<Config, Credentials> => {
    const own = Object.entries(context.config).filter(([name]) => name in shape);
    const { schema } = context.config;
    return {
      ...context,
      config: base.config.parse({ ...Object.fromEntries(own), schemas: [schema] }),
    };
  };
  /** The people table as it is now. Throws for what of it is missing or unfit. */
  const withTable = async <Result>(
    context: Ctx,
    use: (session: SqlSession, table: SqlTable, context: Context<Config, Credentials>) => Result,
  ): Promise<Result> => {
    const inner = inBase(context);
    const { dialect } = base;
    try {
      await using session = await dialect.connect(inner);
      const { schemas } = inner.config;
      const table = await findTable(dialect, session, schemas, nameOf(context.config));
      assertUsable(table, context.config);
      return use(session, table, inner);
    } catch (error) {
      throw translatorOf(dialect, inner, base.credentials)(error);
    }
  };

  return {
    docs: base.docs,
    labels: base.labels,
    authMethods: base.authMethods,
    credentials: base.credentials,
    checkpoint: base.checkpoint,
    isComplete: base.isComplete,
    supportsContinuous: base.supportsContinuous,
    supportsDateRange: base.supportsDateRange,
    landing: false,
    ...words,
    syncModes: ['full_refresh', 'full_refresh_append', 'incremental'],
    config,

    async check(context): Promise<CheckResult> {
      const { key, cursor } = context.config;
      try {
        return await withTable(context, ({ server: answered }) => ({
          ok: true,
          message: `${answered}: people of ${nameOf(context.config)} by "${key}"${cursor === undefined ? '' : `, followed by "${cursor}"`}.`,
        }));
      } catch (error) {
        return failedCheck(error);
      }
    },

    discover: (context) =>
      withTable(context, (_session, table, inner) => {
        const { key, cursor } = context.config;
        const names = landingNames(context.config);
        const described = describeTable(
          {
            ...table,
            // Of other columns nothing is said.
            columns: table.columns
              .filter(({ name }) => names.has(name))
              .map((column) => (column.name === cursor ? column : { ...column, cursor: null })),
          },
          inner.config.timeZone,
        );
        return [
          {
            ...described,
            name: peopleStream,
            columns:
              described.columns?.map((column) => ({
                ...column,
                name: names.get(column.name) ?? column.name,
              })) ?? null,
            primaryKey: ['id'],
            cursorFields: cursor === undefined ? [] : [names.get(cursor) ?? cursor],
            upserts: true,
            notes: [
              ...(described.notes ?? []),
              ...(isKey(table, key)
                ? []
                : [
                    `"${key}" has no unique index: of rows that share its value, one is kept where rows are replaced by key.`,
                  ]),
            ],
          },
        ];
      }),

    async *read(context, request, from): AsyncGenerator<Batch<SqlCheckpoint>> {
      context.signal.throwIfAborted();
      const names = landingNames(context.config);
      for await (const batch of base.read(inBase(context), inTable(context.config, request), from))
        yield batch.columns === undefined
          ? batch
          : {
              ...batch,
              columns: batch.columns.map((column) => ({
                ...column,
                name: names.get(column.name) ?? column.name,
              })),
            };
    },

    split: async (context, request, from) =>
      (await base.split?.(inBase(context), inTable(context.config, request), from)) ?? null,
  };
}

const nameOf = ({ schema, table }: IdentityOptions): string => `${schema}.${table}`;

const isKey = ({ primaryKey, orderKey }: SqlTable, column: string): boolean =>
  [primaryKey, orderKey].some((key) => key.length === 1 && key[0] === column);

/** The request in the table's own words. Throws for another stream than the people. */
function inTable(options: IdentityOptions, request: StreamRequest): StreamRequest {
  if (request.name !== peopleStream)
    throw new HeadgateError(
      'source_not_found',
      `There is no stream ${JSON.stringify(request.name.slice(0, 140))}: an identity source has one, "${peopleStream}".`,
      { facts: { stream: request.name } },
    );
  const names = landingNames(options);
  const own = new Map([...names].map(([column, landing]) => [landing, column]));
  const back = (name: string): string => own.get(name) ?? name;
  return {
    ...request,
    name: nameOf(options),
    primaryKey: request.primaryKey.map(back),
    cursorField: request.cursorField === null ? null : back(request.cursorField),
    columns: (request.columns ?? [...names.values()]).map(back),
    ...(request.decoded === undefined
      ? {}
      : { decoded: request.decoded.map((column) => ({ ...column, name: back(column.name) })) }),
  };
}

function assertUsable(table: SqlTable, options: IdentityOptions): void {
  const where = nameOf(options);
  if (table.forbidden)
    throw new HeadgateError(
      'source_forbidden',
      `The user may not read ${where}. Grant SELECT on it.`,
      { facts: { stream: where } },
    );
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const missing = [...landingNames(options).keys()].filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw new HeadgateError(
      'invalid_config',
      `${where} has no column ${missing.join(', ')}, or the user may not read it. It has: ${[...columns.keys()].slice(0, 50).join(', ')}. Capitals count.`,
      { facts: { stream: where } },
    );
  const cursor = options.cursor === undefined ? undefined : columns.get(options.cursor);
  if (cursor?.cursor === null)
    throw new HeadgateError(
      'invalid_config',
      `"${cursor.name}" of ${where} is ${cursor.nativeType}, which cannot be a cursor. Choose a time, a date or a whole number that only grows.`,
      { facts: { stream: where, column: cursor.name } },
    );
}

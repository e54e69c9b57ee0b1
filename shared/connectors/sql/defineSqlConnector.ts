import type * as z from 'zod';
import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Batch, CheckResult, Connector, Context } from '../connector.ts';
import { failedCheck } from '../failedCheck.ts';
import { hideSecrets } from '../hideSecrets.ts';
import { secretTexts } from '../secretFields.ts';
import { batchLimits } from './cutBatches.ts';
import { describeTable, streamNameOf } from './describeTable.ts';
import { type ReadLimits, readTable } from './readTable.ts';
import { sliceLimits, splitTable } from './splitTable.ts';
import { type SqlCheckpoint, sqlCheckpoint } from './sqlCheckpoint.ts';
import type { SqlDialect, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** A connector made of a dialect, which others may be derived from. */
export interface SqlConnector<Config extends SqlOptions, Credentials>
  extends Connector<Config, Credentials, SqlCheckpoint> {
  readonly dialect: SqlDialect<Config, Credentials>;
}

type Described = 'name' | 'title' | 'description' | 'docs' | 'labels' | 'authMethods';

/** What a SQL connector adds to the maker: words about itself, two schemas, a dialect. */
export interface SqlSpec<Config extends SqlOptions, Credentials>
  extends Pick<Connector<Config, Credentials>, Described | 'config' | 'credentials'> {
  readonly dialect: SqlDialect<Config, Credentials>;
}

const readLimits: ReadLimits = { ...batchLimits, unorderedBytes: batchLimits.bytes };

/** A connector for a database: check, discover and read from its dialect. `limits` is for tests. */
export function defineSqlConnector<Config extends SqlOptions, Credentials>(
  { dialect, ...spec }: SqlSpec<Config, Credentials>,
  limits: ReadLimits = readLimits,
): SqlConnector<Config, Credentials> {
  const translator = (context: Context<Config, Credentials>) =>
    translatorOf(dialect, context, spec.credentials);
  return {
    ...spec,
    dialect,
    syncModes: ['full_refresh', 'full_refresh_append', 'incremental'],
    supportsContinuous: false,
    supportsDateRange: true,
    landing: false,
    checkpoint: sqlCheckpoint,
    isComplete: ({ at }) => at === null,

    async check(context): Promise<CheckResult> {
      try {
        await using session = await dialect.connect(context);
        const { schemas } = context.config;
        const known = new Set(await session.schemas());
        const missing = schemas.filter((schema) => !known.has(schema));
        if (missing.length > 0)
          return {
            ok: false,
            code: 'source_not_found',
            message: `${session.server} answered, but the database has no schema ${missing.join(', ')}. Check the names: capitals count.`,
          };
        return judge(session.server, schemas, await session.tables(schemas));
      } catch (error) {
        return failedCheck(translator(context)(error));
      }
    },

    async discover(context) {
      try {
        await using session = await dialect.connect(context);
        const tables = await session.tables(context.config.schemas);
        return tables
          .map((table) => describeTable(table, context.config.timeZone))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      } catch (error) {
        throw translator(context)(error);
      }
    },

    async split(context, stream, from) {
      context.signal.throwIfAborted();
      try {
        return await splitTable(dialect, context, stream, from, limits.slices ?? sliceLimits);
      } catch (error) {
        throw translator(context)(error);
      }
    },

    async *read(context, stream, from): AsyncGenerator<Batch<SqlCheckpoint>> {
      context.signal.throwIfAborted();
      const translate = translator(context);
      try {
        yield* readTable(dialect, context, stream, from, limits, translate);
      } catch (error) {
        throw translate(error);
      }
    },
  };
}

/** A connection that works but sees nothing is a failure with a name, not an empty success. */
function judge(
  server: string,
  schemas: readonly string[],
  tables: readonly SqlTable[],
): CheckResult {
  const forbidden = tables.filter((table) => table.forbidden);
  const names = (of: readonly SqlTable[]): string =>
    of.slice(0, 5).map(streamNameOf).join(', ') + (of.length > 5 ? ' and others' : '');
  if (tables.length > 0 && forbidden.length === tables.length)
    return {
      ok: false,
      code: 'source_forbidden',
      message: `${server} answered, but the user may read no table of ${schemas.join(', ')}: ${names(forbidden)}. Grant SELECT on them.`,
    };
  const readable = tables.length - forbidden.length;
  return {
    ok: true,
    message: [
      `${server}: ${readable} ${readable === 1 ? 'table' : 'tables'} in ${schemas.join(', ')}.`,
      ...(forbidden.length > 0 ? [`The user may not read ${names(forbidden)}.`] : []),
    ].join(' '),
  };
}

/**
 * Makes what a signal, a HeadgateError or the dialect says of an error of the driver. What the server says is quoted
 * without the credentials: it may be told one of them in the clear.
 */
export const translatorOf = <Config extends SqlOptions, Credentials>(
  dialect: Pick<SqlDialect<Config, Credentials>, 'explain'>,
  context: Context<Config, Credentials>,
  credentials: z.ZodType,
): ((error: unknown) => unknown) => {
  const secrets = secretTexts(credentials, context.credentials as Json);
  return (error) => {
    if (context.signal.aborted) return context.signal.reason;
    if (error instanceof HeadgateError) return error;
    const explained = dialect.explain(error, context);
    if (explained === null) return error;
    const { code, message, cause, facts } = explained;
    return new HeadgateError(code, hideSecrets(message, secrets), { cause, facts });
  };
};

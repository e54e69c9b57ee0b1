import { HeadgateError } from '../../errors.ts';
import type { Batch, CheckResult, Connector, Context, StreamDescription } from '../connector.ts';
import { failedCheck } from '../failedCheck.ts';
import { type LogCheckpoint, logCheckpoint } from './logCheckpoint.ts';
import type { LogOptions } from './logOptions.ts';
import type { LogDialect, LogSession } from './logSession.ts';
import { type LogLimits, logLimits, readTopic } from './readTopic.ts';
import { recordColumns } from './recordRow.ts';

type Described = 'name' | 'title' | 'description' | 'docs' | 'labels' | 'authMethods';

/** What a log adds to the maker: words about itself, two schemas, a dialect. */
export interface LogSpec<Config extends LogOptions, Credentials>
  extends Pick<Connector<Config, Credentials>, Described | 'config' | 'credentials'> {
  readonly dialect: LogDialect<Config, Credentials>;
}

/** A connector for a log of records in topics and partitions. `limits` is for tests. */
export function defineLogConnector<Config extends LogOptions, Credentials>(
  { dialect, ...spec }: LogSpec<Config, Credentials>,
  limits: LogLimits = logLimits,
): Connector<Config, Credentials, LogCheckpoint> {
  type Ctx = Context<Config, Credentials>;
  const translate = (context: Ctx, error: unknown): unknown => {
    if (context.signal.aborted) return context.signal.reason;
    return error instanceof HeadgateError ? error : (dialect.explain(error, context) ?? error);
  };
  const topicsOf = async (session: LogSession, { config }: Ctx): Promise<readonly string[]> =>
    config.topics.length > 0 ? config.topics : session.topics();
  return {
    ...spec,
    syncModes: ['full_refresh', 'full_refresh_append', 'incremental'],
    supportsContinuous: false,
    supportsDateRange: false,
    landing: false,
    checkpoint: logCheckpoint,
    isComplete: ({ ends }) => ends === null,

    async check(context): Promise<CheckResult> {
      try {
        await using session = await dialect.connect(context);
        const topics = await topicsOf(session, context);
        if (topics.length === 0)
          return {
            ok: false,
            code: 'source_forbidden',
            message: `${session.server} answered, but the user may read no topic. Grant Describe and Read.`,
          };
        // Each one that is named has to be there; of all, one shows that reading works.
        const asked = context.config.topics.length > 0 ? topics : topics.slice(0, 1);
        for (const topic of asked) await session.bounds(topic);
        await dialect.decoder(context);
        return {
          ok: true,
          message: `${session.server}: ${topics.length} ${topics.length === 1 ? 'topic' : 'topics'}.`,
        };
      } catch (error) {
        return failedCheck(translate(context, error));
      }
    },

    async discover(context) {
      try {
        await using session = await dialect.connect(context);
        const topics = await topicsOf(session, context);
        return [...new Set(topics)].sort().map((topic) => describe(topic, context.config));
      } catch (error) {
        throw translate(context, error);
      }
    },

    async *read(context, request, from): AsyncGenerator<Batch<LogCheckpoint>> {
      context.signal.throwIfAborted();
      try {
        yield* readTopic(dialect, context, request, from, limits);
      } catch (error) {
        throw translate(context, error);
      }
    },
  };
}

function describe(topic: string, { compacted }: LogOptions): StreamDescription {
  const byKey = compacted.includes(topic);
  return {
    name: topic,
    columns: recordColumns,
    primaryKey: byKey ? ['_key'] : ['_partition', '_offset'],
    cursorFields: [],
    modes: ['full_refresh', 'full_refresh_append', 'incremental'],
    captures: byKey ? 'changes' : 'inserts',
    deletes: byKey ? 'tombstone' : 'none',
    ordered: true,
    timeZone: 'UTC',
    supportsDateRange: false,
    ...(byKey ? { upserts: true, repeats: true } : {}),
    notes: [
      byKey
        ? 'One row per key: a later record replaces it, one without a value deletes it. Records without a key have no place in such a table.'
        : 'One row per record. Offsets are committed together with the rows: each record is there once.',
    ],
  };
}

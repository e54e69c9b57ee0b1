import { HeadgateError } from '../../errors.ts';
import type { Column } from '../../lake/schema.ts';
import {
  type CheckResult,
  type Connector,
  type Context,
  ParkUntil,
  type StreamDescription,
  type StreamFacts,
} from '../connector.ts';
import { connectOf } from './connectOf.ts';
import { readStream } from './readStream.ts';
import { type RestCheckpoint, restCheckpoint } from './restCheckpoint.ts';
import { createRestClient } from './restClient.ts';
import type { RestColumn } from './restColumn.ts';
import type { ConfiguredRestSpec, RestSpec, RestStreams } from './restSpec.ts';
import type { RestStream } from './restStream.ts';
import { abilitiesOf, columnsOf, streamsOf } from './restStreams.ts';
import { samplesOf } from './samples.ts';
import { readsDeletions, readsRanges } from './sweep.ts';

/** A connector for an API that answers JSON: check, discover and read from its description. */
export function defineRestConnector<Config, Credentials>(
  given: RestSpec<Config, Credentials> | ConfiguredRestSpec<Config, Credentials>,
): Connector<Config, Credentials, RestCheckpoint> {
  const { name, title, description, docs, labels, authMethods, config, credentials } = given;
  const { incremental, dateRanges } = abilitiesOf(given.streams);
  const specFor = (context: Context<Config, Credentials>): RestSpec<Config, Credentials> =>
    'behaviour' in given ? { ...given, ...given.behaviour(context.config) } : given;
  return {
    name,
    title,
    description,
    docs,
    labels,
    authMethods,
    ...connectOf(given),
    config,
    credentials,
    syncModes: [
      'full_refresh',
      'full_refresh_append',
      ...(incremental ? ['incremental' as const] : []),
    ],
    supportsContinuous: false,
    supportsDateRange: dateRanges,
    ...('ask' in given.streams
      ? {}
      : { streams: factsOf(given.streams as RestStreams<Config, Credentials>) }),
    landing: false,
    checkpoint: restCheckpoint,
    isComplete: ({ sweep }) => sweep === null,

    async check(context): Promise<CheckResult> {
      try {
        const spec = specFor(context);
        const client = createRestClient(spec, context);
        for (const request of spec.checks) await client.ask(request);
        const sample = spec.samples === true ? await samplesOf(spec, client) : undefined;
        const names = sample?.map(({ stream }) => stream) ?? [];
        const read = [...spec.checks.map(({ what }) => what), ...names].join(' and ');
        return {
          ok: true,
          message: `${title} answered: the credentials could read ${read}.`,
          ...(sample === undefined ? {} : { sample }),
        };
      } catch (error) {
        return refusalOf(title, error, context);
      }
    },

    async discover(context) {
      const spec = specFor(context);
      const client = createRestClient(spec, context);
      const described: StreamDescription[] = [];
      try {
        const streams = Object.entries(await streamsOf(spec, client));
        for (const [stream, value] of streams.sort(([left], [right]) => (left < right ? -1 : 1)))
          described.push(describe(stream, value, await columnsOf(client, value), context.config));
      } catch (error) {
        // Only a read can be parked.
        if (!(error instanceof ParkUntil)) throw error;
        const wait = Math.ceil((error.until.getTime() - context.now().getTime()) / 1000);
        throw new HeadgateError('source_throttled', error.message, {
          cause: error,
          retryAfterSeconds: Math.max(1, wait),
        });
      }
      return described;
    },

    async *read(context, request, from) {
      context.signal.throwIfAborted();
      const spec = specFor(context);
      const client = createRestClient(spec, context);
      const streams = await streamsOf(spec, client);
      const stream = Object.hasOwn(streams, request.name) ? streams[request.name] : undefined;
      if (stream === undefined)
        throw new HeadgateError(
          'source_not_found',
          `${title} has no stream "${request.name}". It has: ${Object.keys(streams).sort().join(', ')}.`,
        );
      yield* readStream({
        client,
        stream,
        parents: stream.parent === undefined ? undefined : streams[stream.parent.stream],
        columns: await columnsOf(client, stream),
        request,
        from,
      });
    },
  };
}

const plainColumn = ({ name, type, nativeType }: RestColumn): Column => ({
  name,
  type,
  ...(nativeType === undefined ? {} : { nativeType }),
});

function describe<Config, Credentials>(
  name: string,
  stream: RestStream<Config, Credentials>,
  columns: readonly RestColumn[] | null,
  config: unknown,
): StreamDescription {
  const { primaryKey, cursorField, changes, captures, deletes, notes, repeats } = stream;
  return {
    name,
    columns: columns?.map(plainColumn) ?? null,
    primaryKey,
    cursorFields: cursorField === undefined ? [] : [cursorField],
    modes: [
      'full_refresh',
      'full_refresh_append',
      ...(changes === undefined ? [] : ['incremental' as const]),
    ],
    captures,
    deletes: stream.deletions === undefined || readsDeletions(stream, config) ? deletes : 'none',
    ordered: changes?.kind === 'window' && changes.order === 'ascending',
    timeZone: 'UTC',
    supportsDateRange: readsRanges(stream),
    ...(changes === undefined || primaryKey.length === 0 ? {} : { upserts: true }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(notes === undefined ? {} : { notes }),
  };
}

/** What a spec says of its streams; columns and what a configuration switches are left to `discover`. */
const factsOf = <Config, Credentials>(
  streams: RestStreams<Config, Credentials>,
): readonly StreamFacts[] =>
  Object.entries(streams)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, stream]) => {
      const {
        columns: _,
        ordered: __,
        timeZone: ___,
        upserts: ____,
        repeats: _____,
        ...facts
      } = describe(name, stream, null, null);
      return { ...facts, deletes: stream.deletes };
    });

const checkCodes = [
  'invalid_credentials',
  'invalid_config',
  'source_forbidden',
  'source_not_found',
  'source_unreachable',
  'address_refused',
] as const;
type CheckCode = (typeof checkCodes)[number];
const isCheckCode = (code: string): code is CheckCode =>
  (checkCodes as readonly string[]).includes(code);

/** What stood in the way of a check, as a value. Throws what is no answer of the source. */
function refusalOf<Config, Credentials>(
  title: string,
  error: unknown,
  { signal }: Context<Config, Credentials>,
): CheckResult {
  if (signal.aborted) throw signal.reason;
  if (error instanceof ParkUntil)
    return {
      ok: false,
      code: 'source_unreachable',
      message: `${title} asks to wait until ${error.until.toISOString()}; try again then.`,
    };
  if (!(error instanceof HeadgateError)) throw error;
  const { code, message } = error;
  return { ok: false, code: isCheckCode(code) ? code : 'source_unreachable', message };
}

import type { RestClient } from './restClient.ts';
import type { RestColumn } from './restColumn.ts';
import type { RestSpec, RestStreams } from './restSpec.ts';
import type { RestStream } from './restStream.ts';
import { readsRanges } from './sweep.ts';

type Streams<Config, Credentials> = RestSpec<Config, Credentials>['streams'];

const isAsked = <Config, Credentials>(
  streams: Streams<Config, Credentials>,
): streams is Extract<Streams<Config, Credentials>, { readonly ask: unknown }> =>
  typeof streams['ask'] === 'function';

/** What any stream of a connector can do. */
export function abilitiesOf<Config, Credentials>(
  streams: Streams<Config, Credentials>,
): { readonly incremental: boolean; readonly dateRanges: boolean } {
  if (isAsked(streams)) return streams;
  const all = Object.values(streams);
  return {
    incremental: all.some(({ changes }) => changes !== undefined),
    dateRanges: all.some(readsRanges),
  };
}

const askedStreams = new WeakMap<object, Promise<RestStreams<never, never>>>();

/** A connector's streams; those of the source are asked for once a context. */
export function streamsOf<Config, Credentials>(
  { streams }: RestSpec<Config, Credentials>,
  client: RestClient<Config, Credentials>,
): Promise<RestStreams<Config, Credentials>> {
  if (!isAsked(streams)) return Promise.resolve(streams);
  const { context } = client;
  const known = askedStreams.get(context) as Promise<RestStreams<Config, Credentials>> | undefined;
  const found = known ?? streams.ask(client);
  askedStreams.set(context, found as unknown as Promise<RestStreams<never, never>>);
  found.catch(() => askedStreams.delete(context));
  return found;
}

const otherFields = 'other fields as JSON';
const askedColumns = new WeakMap<object, Map<object, Promise<readonly RestColumn[] | null>>>();

/**
 * A stream's columns, that of other fields among them; null: whatever its records hold. They are asked for once a
 * context: describing a stream and reading it see the same ones.
 */
export function columnsOf<Config, Credentials>(
  client: RestClient<Config, Credentials>,
  stream: RestStream<Config, Credentials>,
): Promise<readonly RestColumn[] | null> {
  const { context } = client;
  const asked =
    askedColumns.get(context) ?? new Map<object, Promise<readonly RestColumn[] | null>>();
  askedColumns.set(context, asked);
  const found =
    asked.get(stream) ??
    (typeof stream.columns === 'function'
      ? stream.columns(client)
      : Promise.resolve(stream.columns)
    ).then((columns) =>
      columns === null
        ? null
        : [
            ...columns,
            ...(stream.others === undefined
              ? []
              : [{ name: stream.others, type: 'string', nativeType: otherFields } as const]),
          ],
    );
  asked.set(stream, found);
  // A failure is not an answer to keep.
  found.catch(() => asked.delete(stream));
  return found;
}

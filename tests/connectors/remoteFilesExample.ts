import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Batch, Connector, Context } from '../../shared/connectors/connector.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { createHostResolver } from '../../shared/http/createHostResolver.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { createLog } from '../../shared/log.ts';
import type { ConnectorExample, Paced, Refusal, Surroundings } from './connectorExample.ts';

/** A place that files are put into, by the names the connector sees. */
export interface FilePlace {
  put(name: string, content: string | Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

const identityOf = (name: string, text: string): string =>
  `${name} ${createHash('sha256').update(text).digest('hex')}`;

const csv = (id: number): string => `id,text\n${id},"from file ${id}, with a comma"\n`;

/** The loopback is open, and nobody waits. */
export const localSurroundings = (): Surroundings & { readonly fetch: typeof fetch } => ({
  fetch: withRetries(createFetch({ allow: ['127.0.0.1'] }), {
    now: () => new Date(),
    sleep: async () => undefined,
    tries: 2,
  }),
  resolveHost: createHostResolver({ allow: ['127.0.0.1'] }),
});

/** A connector of files over a place that five files are put into, and three more: two new, one changed. */
export async function remoteFilesExample(
  given: {
    readonly title?: string;
    readonly connector: Connector;
    readonly config: Readonly<Record<string, unknown>>;
    readonly credentials: Readonly<Record<string, unknown>>;
    readonly refusals: readonly Refusal[];
    readonly paced?: Paced;
    readonly cannotBe?: NonNullable<ConnectorExample['cannotBe']>;
    readonly openConnections?: () => Promise<number>;
    readonly surroundings?: () => Surroundings;
  },
  place: FilePlace,
  prefix = '',
): Promise<ConnectorExample> {
  const put = async (name: string, text: string): Promise<string> => {
    await place.put(`${prefix}${name}`, text);
    return identityOf(`${prefix}${name}`, text);
  };
  const names = ['a.csv', 'folder/b.csv', "folder/c d+e'(1)&%.csv", 'z/ä.csv', 'e.csv'];
  const expected: string[] = [];
  for (const [index, name] of names.entries()) expected.push(await put(name, csv(index)));
  await place.put(`${prefix}notes.md`, 'not one to load');
  await place.put(`${prefix}.hidden.csv`, 'a\n1\n');
  await place.put(`${prefix}empty.csv`, '');
  return {
    surroundings: localSurroundings,
    ...given,
    stream: { name: 'files', primaryKey: [], cursorField: null, columns: null },
    identify: ({ name, sha256 }) => `${name} ${sha256}`,
    expected,
    add: async () => [
      await put('late.csv', csv(10)),
      await put('folder/late.csv', csv(11)),
      await put('a.csv', csv(12)),
    ],
  };
}

/** A context for tests that read by hand. */
export function filesContext(
  connector: Connector,
  config: unknown,
  credentials: unknown,
  over: Partial<Context<unknown, unknown>> = {},
): Context<unknown, unknown> {
  return {
    config: connector.config.parse(config),
    credentials: connector.credentials.parse(credentials),
    now: () => new Date(),
    sleep: async () => undefined,
    signal: new AbortController().signal,
    log: createLog(() => undefined),
    ...(localSurroundings() as Required<Pick<Surroundings, 'fetch' | 'resolveHost'>>),
    ...over,
  };
}

/** One read to its end: names in order, what is said of them, and the last checkpoint. */
export async function readFiles(
  connector: Connector,
  context: Context<unknown, unknown>,
  from: unknown = null,
  mode: 'incremental' | 'full_refresh' = 'incremental',
): Promise<{
  readonly names: readonly string[];
  readonly replaced: readonly string[];
  readonly batches: readonly Batch<unknown>[];
  readonly checkpoint: unknown;
}> {
  const batches: Batch<unknown>[] = [];
  let checkpoint = from;
  const request = {
    name: 'files',
    mode,
    primaryKey: [],
    cursorField: null,
    columns: null,
    window: null,
  };
  for await (const batch of connector.read(context, request, from)) {
    batches.push(batch);
    checkpoint = batch.checkpoint ?? checkpoint;
  }
  const named = (wanted: readonly Batch<unknown>[]): readonly string[] =>
    wanted.flatMap(({ body }) => (body.kind === 'file' ? [body.file.name] : []));
  return {
    names: named(batches),
    replaced: named(batches.filter(({ replacesFile }) => replacesFile === true)),
    batches,
    checkpoint: checkpoint === null ? null : JSON.parse(JSON.stringify(checkpoint)),
  };
}

/** All bytes of the first file of a read. */
export async function bytesOfFirst(batches: readonly Batch<unknown>[], from = 0): Promise<Buffer> {
  const body = batches[0]?.body;
  if (body?.kind !== 'file') throw new Error('a file was expected');
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.file.open(from)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const expectNames = (
  { names }: { readonly names: readonly string[] },
  wanted: readonly string[],
): void => expect([...names].sort()).toEqual([...wanted].sort());

import * as z from 'zod';
import type {
  Batch,
  Connector,
  Context,
  StreamRequest,
} from '../../../../shared/connectors/connector.ts';
import { defineRestConnector } from '../../../../shared/connectors/rest/defineRestConnector.ts';
import type { RestCheckpoint } from '../../../../shared/connectors/rest/restCheckpoint.ts';
import type { RestSpec } from '../../../../shared/connectors/rest/restSpec.ts';
import type { RestStream } from '../../../../shared/connectors/rest/restStream.ts';
import type { Json } from '../../../../shared/json.ts';
import { createLog } from '../../../../shared/log.ts';

export const benchConfig = z.strictObject({ tenant: z.string().optional() });
export const benchCredentials = z.strictObject({
  token: z.string().optional().meta({ secret: true }),
  user: z.string().optional(),
});
type Config = z.infer<typeof benchConfig>;
type Credentials = z.infer<typeof benchCredentials>;
export type BenchStream = RestStream<Config, Credentials>;
export type BenchSpec = RestSpec<Config, Credentials>;

/** What a request looked like to the source. */
export interface Asked {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Json | undefined;
}

/** The least a stream has; the rest is a test's own. */
export const stream = (change: Partial<BenchStream>): BenchStream => ({
  primaryKey: ['id'],
  columns: [{ name: 'id', type: 'long' }],
  captures: 'snapshot',
  deletes: 'none',
  pages: { path: '/items', records: 'items', paging: { kind: 'none' } },
  ...change,
});

export const spec = (
  streams: Readonly<Record<string, BenchStream>>,
  change: Partial<BenchSpec> = {},
): BenchSpec => ({
  name: 'bench',
  title: 'Bench',
  description: 'A source of the test.',
  docs: 'https://example.com',
  labels: ['saas'],
  authMethods: [],
  config: benchConfig,
  credentials: benchCredentials,
  baseUrl: 'https://api.example.com/v2',
  auth: [{ kind: 'none' }],
  limits: [{ name: 'requests', requests: 10, perSeconds: 1 }],
  checks: [{ path: '/items', what: 'items' }],
  streams,
  ...change,
});

/** A connector over a source that answers what a function says. */
export function bench(
  described: BenchSpec,
  answer: (asked: Asked) => Response | Json | Promise<Response | Json>,
  over: Partial<Context<Config, Credentials>> = {},
): {
  readonly connector: Connector<Config, Credentials, RestCheckpoint>;
  readonly asked: Asked[];
  readonly context: Context<Config, Credentials>;
  read(
    name: string,
    request?: Partial<StreamRequest>,
    from?: RestCheckpoint | null,
  ): Promise<readonly Batch<RestCheckpoint>[]>;
} {
  const connector = defineRestConnector(described);
  const asked: Asked[] = [];
  const context: Context<Config, Credentials> = {
    config: {},
    credentials: {},
    fetch: async (input, init) => {
      const body = init?.body;
      const one: Asked = {
        url: new URL(String(input)),
        headers: new Headers(init?.headers),
        body: typeof body === 'string' ? (JSON.parse(body) as Json) : undefined,
      };
      asked.push(one);
      const answered = await answer(one);
      return answered instanceof Response ? answered : Response.json(answered);
    },
    resolveHost: async (host) => host,
    now: () => new Date('2026-05-01T10:00:30.500Z'),
    sleep: async () => undefined,
    signal: new AbortController().signal,
    log: createLog(() => undefined),
    ...over,
  };
  return {
    connector,
    asked,
    context,
    read: (name, request = {}, from = null) =>
      Array.fromAsync(connector.read(context, { ...wholeRead(name), ...request }, from)),
  };
}

/** A read of everything. */
export const wholeRead = (name: string): StreamRequest => ({
  name,
  mode: 'full_refresh',
  primaryKey: ['id'],
  cursorField: null,
  columns: null,
  window: null,
});

export const idsOf = (batches: readonly Batch<RestCheckpoint>[]): readonly unknown[] =>
  batches.flatMap(({ body }) =>
    body.kind === 'records' ? body.records.map((record) => record['id']) : [],
  );

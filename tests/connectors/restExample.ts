import { expect } from 'vitest';
import type {
  Batch,
  Connector,
  Context,
  StreamRequest,
} from '../../shared/connectors/connector.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { createLog } from '../../shared/log.ts';
import type { Answer, Simulator } from '../simulators/simulator.ts';
import type { Surroundings } from './connectorExample.ts';
import type { Row } from './readBatch.ts';

/** What a connector is surrounded by when a simulator, or another address, stands in for its vendor. */
export function surroundingsOf(
  simulator: Simulator,
  origins?: Readonly<Record<string, string>>,
): Surroundings & { readonly fetch: typeof fetch } {
  const { clock } = simulator;
  return {
    fetch:
      origins === undefined
        ? simulator.fetchWith()
        : withRetries(mapOrigins(createFetch({ allow: ['127.0.0.1'] }), origins), clock),
    now: clock.now,
    sleep: clock.sleep,
  };
}

/** The same, with nobody listening at the vendor's addresses. */
export const unreachable = (simulator: Simulator): Surroundings =>
  surroundingsOf(
    simulator,
    Object.fromEntries(
      Object.keys(simulator.origins).map((origin) => [origin, 'http://127.0.0.1:9']),
    ),
  );

/** The same, with this answer to the next request whose path holds the text. */
export const answering =
  (
    simulator: Simulator,
    answer: Answer,
    path = '',
    inner = (): Surroundings => surroundingsOf(simulator),
  ) =>
  (): Surroundings => {
    simulator.fail({ kind: 'answer', answer }, 1, path);
    return inner();
  };

/** Of connectors that read what every account has. */
export const alwaysThere = { source_not_found: 'what it reads is there in every account' } as const;

/** A context for tests that read by hand. */
export function restContext(
  connector: Connector,
  simulator: Simulator,
  {
    config = {},
    credentials,
    ...over
  }: Partial<Context<unknown, unknown>> & {
    readonly config?: unknown;
    readonly credentials: unknown;
  },
): Context<unknown, unknown> {
  return {
    resolveHost: async (host) => host,
    signal: new AbortController().signal,
    log: createLog(() => undefined),
    ...surroundingsOf(simulator),
    ...over,
    config: connector.config.parse(config),
    credentials: connector.credentials.parse(credentials),
  } as Context<unknown, unknown>;
}

export interface ReadResult {
  readonly rows: readonly Row[];
  readonly tombstones: readonly Row[];
  readonly checkpoint: unknown;
  readonly batches: number;
}

/** One read to its end, in memory. */
export async function readAll(
  connector: Connector,
  context: Context<unknown, unknown>,
  request: Partial<StreamRequest> & Pick<StreamRequest, 'name' | 'primaryKey'>,
  from: unknown = null,
  onBatch: (batch: Batch<unknown>) => void = () => undefined,
): Promise<ReadResult> {
  const rows: Row[] = [];
  const tombstones: Row[] = [];
  let checkpoint: unknown = null;
  let batches = 0;
  const stream: StreamRequest = {
    mode: 'incremental',
    cursorField: null,
    columns: null,
    window: null,
    ...request,
  };
  for await (const batch of connector.read(context, stream, from)) {
    batches += 1;
    if (batch.body.kind !== 'records') throw new Error('records were expected');
    (batch.tombstones === true ? tombstones : rows).push(...batch.body.records);
    checkpoint = batch.checkpoint ?? checkpoint;
    onBatch(batch);
  }
  return { rows, tombstones, checkpoint, batches };
}

/** Nothing was asked or answered that the vendor's own description does not allow. */
export function expectHeldToDescription(simulator: Simulator): void {
  expect([...new Set(simulator.problems)].slice(0, 10)).toEqual([]);
}

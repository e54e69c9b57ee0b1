import { afterAll, expect } from 'vitest';
import type { Answer } from '../simulators/simulator.ts';
import { describeConnector } from './conformance.ts';
import type { ConnectorExample, Refusal, Surroundings } from './connectorExample.ts';
import type { openAccessTokens } from './restAccessTokens.ts';
import { answering, expectHeldToDescription, surroundingsOf, unreachable } from './restExample.ts';
import { describeRestFaults, type FaultExample } from './restFaults.ts';
import { describeRestPromises, type RestPromises } from './restPromises.ts';

/** A refusal, or what the vendor answers to the next request whose path holds the text. */
type RestRefusal = Refusal & { readonly answer?: Answer; readonly path?: string };

/** One connector over HTTP and the simulator it reads, which nobody else reads and which is closed when all is tried. */
export interface RestExample
  extends Omit<FaultExample, 'surroundings' | 'config' | 'stream'>,
    Pick<ConnectorExample, 'add' | 'remove' | 'cannotBe'>,
    RestPromises {
  readonly config?: ConnectorExample['config'];
  readonly stream: Omit<ConnectorExample['stream'], 'cursorField' | 'columns'> & {
    readonly cursorField?: string;
  };
  /** Of a vendor that has people or apps sign in; closed, too. */
  readonly tokens?: Awaited<ReturnType<typeof openAccessTokens>>;
  /** One of each kind; that of a vendor who does not answer is added where there is none. */
  readonly refusals: readonly RestRefusal[];
  /** Read before the example itself, because that adds rows: further ways to sign in, or further streams. */
  readonly also?: readonly (Partial<
    Pick<ConnectorExample, 'credentials' | 'refusals'> & Pick<RestExample, 'stream' | 'expected'>
  > & { readonly title: string })[];
}

/** All that every connector over HTTP promises. What is a vendor's own stands beside the call. */
export function describeRestConnector(example: RestExample): void {
  const { connector, simulator, config = {}, credentials, tokens } = example;
  const surroundings = (): Surroundings => ({
    ...surroundingsOf(simulator),
    ...(tokens === undefined ? {} : { accessToken: tokens.accessToken() }),
  });
  afterAll(async () => {
    expectHeldToDescription(simulator);
    expect(example.signIn?.oauth.reuses() ?? 0, 'refresh tokens that came again').toBe(0);
    await simulator[Symbol.asyncDispose]();
    await tokens?.[Symbol.asyncDispose]();
  });

  const silent: Refusal = {
    title: 'an API that does not answer',
    surroundings: () => ({
      ...unreachable(simulator),
      accessToken: async () => ({ token: 'nobody', answer: {} }),
    }),
    code: 'source_unreachable',
    says: /answer/,
  };
  const refusals = example.refusals.map(({ answer, path, ...refusal }) =>
    answer === undefined
      ? refusal
      : { ...refusal, surroundings: answering(simulator, answer, path, surroundings) },
  );
  const isSilent = refusals.some(({ code }) => code === silent.code);
  const streamOf = (stream: RestExample['stream']): ConnectorExample['stream'] => ({
    cursorField: null,
    columns: null,
    ...stream,
  });

  for (const { title, stream, expected, ...also } of example.also ?? [])
    describeConnector({
      connector,
      config,
      credentials,
      surroundings,
      identify: example.identify,
      title,
      stream: streamOf(stream ?? example.stream),
      expected: (expected ?? example.expected)(),
      refusals: [],
      ...also,
    });

  describeConnector({
    ...example,
    config,
    surroundings,
    stream: streamOf(example.stream),
    expected: example.expected(),
    refusals: isSilent ? refusals : [...refusals, silent],
    throttled: surroundings,
  });

  const all = { ...example, surroundings: surroundings() };
  describeRestFaults(all);
  describeRestPromises(all);
}

/** Of people who took their agreement back. */
export const connectionEnded = (refreshToken: string): Refusal => ({
  title: 'a connection that was ended',
  credentials: { refreshToken },
  code: 'invalid_credentials',
  says: /Connect again/,
});

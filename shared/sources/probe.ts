import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { HeadgateError } from '../errors.ts';
import type { ProbeInput } from '../runs/ingestProtocol.ts';
import {
  type CheckAnswer,
  checkAnswer,
  type DiscoverAnswer,
  discoverAnswer,
} from './probeAnswer.ts';

export type ProbeSubject = Omit<ProbeInput, 'v' | 'op'>;

/** Asks a connector's function, which has the driver and may read the secret. */
export interface Probe {
  check(subject: ProbeSubject, signal: AbortSignal): Promise<CheckAnswer>;
  discover(subject: ProbeSubject, signal: AbortSignal): Promise<DiscoverAnswer>;
}

/** The connector's function answers within 25 s itself; this is for one that does not. */
const waitMilliseconds = 27_000;

/** Connectors' functions are called `<prefix><connector>`. */
export function lambdaProbe(client: LambdaClient, prefix: string): Probe {
  const ask = async (
    op: ProbeInput['op'],
    subject: ProbeSubject,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const input: ProbeInput = { v: 1, op, ...subject };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(waitMilliseconds)]);
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({
          FunctionName: `${prefix}${subject.connector}`,
          Payload: JSON.stringify(input),
        }),
        { abortSignal: limited },
      );
      const text = Payload?.transformToString() ?? 'null';
      // The function's own failure, whose text may quote what it was given.
      if (FunctionError !== undefined) throw notAnswered(text);
      return JSON.parse(text);
    } catch (error) {
      if (limited.aborted) throw unreachable(error);
      throw error;
    }
  };
  return {
    check: async (subject, signal) => checkAnswer.parse(await ask('check', subject, signal)),
    discover: async (subject, signal) =>
      discoverAnswer.parse(await ask('discover', subject, signal)),
  };
}

const notAnswered = (payload: string): Error =>
  /Sandbox\.Timedout|Task timed out/.test(payload)
    ? unreachable()
    : new Error('the connector’s function failed; its log says why');

const unreachable = (cause?: unknown): HeadgateError =>
  new HeadgateError(
    'source_unreachable',
    'The source did not answer in time. Check host, port and firewall.',
    { cause },
  );

/** Throws what a refused probe stands for. */
export function requireConnected<Answer extends CheckAnswer | DiscoverAnswer>(
  answer: Answer,
): Extract<Answer, { readonly ok: true }> {
  if (answer.ok) return answer as Extract<Answer, { readonly ok: true }>;
  throw new HeadgateError(answer.code, answer.message);
}

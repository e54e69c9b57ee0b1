import type { StreamSample } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { ProbeInput } from '../runs/ingestProtocol.ts';
import type { CheckAnswer, DiscoverAnswer } from '../sources/probeAnswer.ts';
import type { Deadline, IngestDependencies } from './ingestDependencies.ts';
import { openContext } from './openContext.ts';

/** Time the answer itself needs within API Gateway's limit. */
const reserveMilliseconds = 2000;
const longestMilliseconds = 25_000;

/**
 * Tests a connection, or lists what it offers. Everything the source or the network says is answered as a value;
 * only a fault of ours throws.
 */
export async function probe(
  dependencies: IngestDependencies,
  input: ProbeInput,
  deadline: Deadline,
): Promise<CheckAnswer | DiscoverAnswer> {
  const { connector } = dependencies;
  const signal = AbortSignal.timeout(
    Math.min(longestMilliseconds, deadline.remainingMilliseconds() - reserveMilliseconds),
  );
  try {
    const context = await openContext(
      dependencies,
      {
        tenant: input.tenant,
        config: input.config,
        secretRef:
          input.secretRef === undefined
            ? null
            : {
                arn: input.secretRef.arn,
                ...(input.secretRef.jsonKey === undefined
                  ? {}
                  : { jsonKey: input.secretRef.jsonKey }),
              },
      },
      signal,
      () => undefined,
      input.credentials,
    );
    if (input.op === 'check') {
      const result = await connector.check(context);
      if (!result.ok) return result;
      const { sample, message } = result;
      return { ok: true, message, ...(sample === undefined ? {} : { sample: copyOf(sample) }) };
    }
    const streams = await connector.discover(context);
    return {
      ok: true,
      streams: streams.map(({ columns, primaryKey, cursorFields, modes, notes, ...stream }) => ({
        ...stream,
        columns: columns === null ? null : columns.map((column) => ({ ...column })),
        primaryKey: [...primaryKey],
        cursorFields: [...cursorFields],
        modes: [...modes],
        ...(notes === undefined ? {} : { notes: [...notes] }),
      })),
    };
  } catch (error) {
    if (error instanceof HeadgateError)
      return { ok: false, code: error.code, message: error.message };
    if (signal.aborted)
      return {
        ok: false,
        code: 'source_unreachable',
        message: 'The source did not answer within 25 seconds. Check host, port and firewall.',
      };
    throw error;
  }
}

const copyOf = (sample: readonly StreamSample[]) =>
  sample.map(({ stream, records }) => ({
    stream,
    records: records.map((record) => ({ ...record })),
  }));

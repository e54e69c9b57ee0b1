import type { Context as LambdaContext } from 'aws-lambda';
import * as z from 'zod';
import type { IngestDependencies } from '../../shared/ingest/ingestDependencies.ts';
import { probe } from '../../shared/ingest/probe.ts';
import { runIngest } from '../../shared/ingest/runIngest.ts';
import { reportable } from '../../shared/reportable.ts';
import { ingestInput, probeInput } from '../../shared/runs/ingestProtocol.ts';
import { keepRunLog, type RunLog } from '../../shared/runs/runLog.ts';

const input = z.discriminatedUnion('op', [ingestInput, probeInput]);

/** One connector's function: `ingest` for the state machine, `check` and `discover` for the API. */
export const makeHandler =
  (dependencies: IngestDependencies, runLog: RunLog) =>
  async (event: unknown, context: LambdaContext): Promise<unknown> => {
    const parsed = input.parse(event);
    const deadline = { remainingMilliseconds: () => context.getRemainingTimeInMillis() };
    if (parsed.op !== 'ingest') return probe(dependencies, parsed, deadline);
    const { tenant, sourceId, runId } = parsed;
    const { createFetch } = dependencies;
    const log = dependencies.log.with({ tenant, sourceId, runId });
    try {
      const answer = await runIngest(
        { ...dependencies, log, createFetch: (signal) => createFetch(signal, deadline) },
        parsed,
        deadline,
      );
      log.info('ingest answered', { kind: answer.kind, commits: answer.commits });
      return answer;
    } catch (error) {
      log.error('ingest failed', { error });
      throw reportable(error);
    } finally {
      await keepRunLog(dependencies.store, parsed, 'ingest', runLog, dependencies.now());
    }
  };

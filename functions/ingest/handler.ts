import type { Context as LambdaContext } from 'aws-lambda';
import * as z from 'zod';
import { runUnit } from '../../shared/fanout/runUnit.ts';
import type { IngestDependencies } from '../../shared/ingest/ingestDependencies.ts';
import { probe } from '../../shared/ingest/probe.ts';
import { runIngest } from '../../shared/ingest/runIngest.ts';
import { reportable } from '../../shared/reportable.ts';
import { ingestInput, probeInput } from '../../shared/runs/ingestProtocol.ts';
import { keepRunLog, type RunLog } from '../../shared/runs/runLog.ts';
import { unitInput } from '../../shared/runs/unitProtocol.ts';

const input = z.discriminatedUnion('op', [ingestInput, unitInput, probeInput]);

/** One connector's function: `ingest` and `unit` for the state machine, `check` and `discover` for the API. */
export const makeHandler =
  (dependencies: IngestDependencies, runLog: RunLog) =>
  async (event: unknown, context: LambdaContext): Promise<unknown> => {
    const parsed = input.parse(event);
    const deadline = { remainingMilliseconds: () => context.getRemainingTimeInMillis() };
    if (parsed.op !== 'ingest' && parsed.op !== 'unit')
      return probe(dependencies, parsed, deadline);
    const { tenant, sourceId, runId } = parsed;
    const { createFetch } = dependencies;
    const name = parsed.op === 'unit' ? `unit-${parsed.unit}` : 'ingest';
    const log = dependencies.log.with({
      tenant,
      sourceId,
      runId,
      ...(parsed.op === 'unit' ? { unit: parsed.unit } : {}),
    });
    const own: IngestDependencies = {
      ...dependencies,
      log,
      createFetch: (signal) => createFetch(signal, deadline),
    };
    try {
      if (parsed.op === 'unit') {
        const answer = await runUnit(own, parsed, deadline);
        log.info('unit answered', { kind: answer.kind });
        return answer;
      }
      const answer = await runIngest(own, parsed, deadline);
      log.info('ingest answered', { kind: answer.kind, commits: answer.commits });
      return answer;
    } catch (error) {
      log.error(`${parsed.op} failed`, { error });
      throw reportable(error);
    } finally {
      await keepRunLog(dependencies.store, parsed, name, runLog, dependencies.now());
    }
  };

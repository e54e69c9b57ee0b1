import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, ApiRun } from '../api.ts';

const lookMilliseconds = 500;

/**
 * Starts a run and follows it to its end, looking seldom: 40 questions a second, as tests ask them, take a third of
 * a processor from the ingest that is measured. How long the run took, it says itself.
 */
export async function runQuietly(api: Api, key: string): Promise<ApiRun> {
  const { runId } = await api.call<{ runId: string }>('POST', `/v1/sources/${key}/runs`, {});
  for (;;) {
    await sleep(lookMilliseconds);
    const run = await api.call<ApiRun>('GET', `/v1/runs/${runId}`);
    if (run.status !== 'queued' && run.status !== 'running') return run;
  }
}

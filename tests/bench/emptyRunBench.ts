import { apiOf } from '../api.ts';
import type { RunningHeadgate } from '../startHeadgate.ts';
import { atMost, type BenchResult, median, percentile } from './figures.ts';

const runs = 100;
const limitMilliseconds = 300;

/** From the request to the end of a run that finds nothing: the price of asking often. */
export async function emptyRunBench(headgate: RunningHeadgate): Promise<BenchResult> {
  const api = apiOf(headgate.url, headgate.token);
  await api.call('POST', '/v1/sources', {
    key: 'bench-empty',
    name: 'Empty',
    connector: 'local_files',
    status: 'active',
  });
  // The first starts the functions.
  for (let warmUp = 0; warmUp < 3; warmUp++) await api.runToEnd('bench-empty');
  const milliseconds: number[] = [];
  let transitions = 0;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const { id } = await api.runToEnd('bench-empty');
    milliseconds.push(performance.now() - started);
    ({ stateTransitions: transitions } = await api.call<{ stateTransitions: number }>(
      'GET',
      `/v1/runs/${id}`,
    ));
  }
  const p95 = percentile(milliseconds, 0.95);
  return {
    title: `An empty run, request to finished, ${runs} times`,
    figures: [
      { what: 'median', value: `${Math.round(median(milliseconds))} ms` },
      { what: 'p95', value: `${Math.round(p95)} ms` },
      { what: 'states entered', value: String(transitions) },
    ],
    missed: [
      ...atMost('p95 of an empty run (ms)', p95, limitMilliseconds),
      ...atMost('states entered', transitions, 3),
    ],
  };
}

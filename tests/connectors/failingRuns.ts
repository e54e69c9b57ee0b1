import { expect } from 'vitest';
import type { Simulator } from '../simulators/simulator.ts';
import type { Watch } from '../watchHeadgate.ts';

/**
 * Has every source fail in every way in which its vendor can tell a request again: as a problem of its own, as a mistake of
 * ours, as a refusal; at its API and at its token endpoint. Answers the last run.
 */
export async function runIntoEchoes(
  { api }: Watch,
  simulators: readonly Simulator[],
  keys: readonly string[],
): Promise<string> {
  let last = '';
  for (const { status, deep, first } of [
    // As often as one invocation asks; another one is tried after it.
    { status: 400, deep: true, first: 5 },
    { status: 401, deep: false, first: 0 },
  ]) {
    for (const simulator of simulators) {
      simulator.fail({ kind: 'echo', status: 500, deep }, first);
      simulator.fail({ kind: 'echo', status, deep }, 1000);
    }
    await Promise.all(
      keys.map(async (key) => {
        const run = await api.runToEnd(key, { mode: 'full_refresh' });
        expect(run, key).toMatchObject({ status: 'failed', error: { code: expect.any(String) } });
        last = run.id;
        const tested = await api.call('POST', `/v1/sources/${key}/test`);
        expect(tested, key).toMatchObject({ ok: false });
      }),
    );
    for (const simulator of simulators) simulator.forgive();
  }
  return last;
}

import { expect, it } from 'vitest';
import { retryOf } from '../../../shared/runs/retryOf.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';

const run = (change: Partial<RunItem>): RunItem =>
  ({ request: { kind: 'ingest', mode: 'full_refresh' }, streams: {}, ...change }) as RunItem;

it('asks only for the failed streams of a partial run, as they were asked for', () => {
  const streams = { a: { status: 'succeeded' }, b: { status: 'failed' } } as never;
  expect(retryOf(run({ status: 'partial', streams }))).toEqual({
    kind: 'ingest',
    mode: 'full_refresh',
    streams: ['b'],
  });
});

it.each(['failed', 'cancelled', 'timed_out'] as const)('asks for all of a %s run', (status) => {
  expect(retryOf(run({ status }))).toEqual({ kind: 'ingest', mode: 'full_refresh' });
});

it.each(['queued', 'running', 'succeeded'] as const)('has nothing to ask of a %s run', (status) => {
  expect(() => retryOf(run({ status }))).toThrow(expect.objectContaining({ code: 'cannot_retry' }));
});

import { describe, expect, it } from 'vitest';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import type { StreamItem } from '../../../shared/runs/streamItem.ts';
import { assertUndoable, undoable } from '../../../shared/runs/undo.ts';

const stream = (name: string, committedBy: string, before: string | null = committedBy) =>
  ({
    stream: name,
    committedBy: { runId: committedBy, seq: 1 },
    before: before === null ? null : { runId: before, pointer: null, rejects: null, cursor: null },
  }) as unknown as StreamItem;
const run = (change: Partial<RunItem> = {}): RunItem =>
  ({
    runId: 'r2',
    status: 'succeeded',
    request: { kind: 'ingest' },
    streams: { a: { status: 'succeeded' } },
    ...change,
  }) as RunItem;

describe('what can be undone', () => {
  it('is every stream that the run was the last to change', () => {
    const streams = [stream('a', 'r2'), stream('b', 'r1'), stream('c', 'r2', null)];
    expect(undoable('r2', streams).map(({ stream: name }) => name)).toEqual(['a']);
    expect(() => assertUndoable(run(), streams)).not.toThrow();
  });

  it.each([
    ['a later run built on it', run(), [stream('a', 'r3')], /Later runs changed a/],
    ['it changed nothing', run({ streams: {} }), [stream('a', 'r1')], /changed no table/],
    ['it still runs', run({ status: 'running' }), [stream('a', 'r2')], /not over yet/],
    [
      'it is an undo',
      run({ request: { kind: 'undo' } }),
      [stream('a', 'r2')],
      /start the run again/,
    ],
  ] as const)('is nothing when %s', (_, of, streams, message) => {
    expect(() => assertUndoable(of, streams)).toThrow(message);
  });
});

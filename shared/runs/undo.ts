import { HeadgateError } from '../errors.ts';
import type { RunItem } from './runItem.ts';
import type { StreamItem } from './streamItem.ts';

/** The streams that a run was the last to change, and that know how they were before it. */
export const undoable = (runId: string, streams: readonly StreamItem[]): readonly StreamItem[] =>
  streams.filter(
    ({ committedBy, before }) => committedBy?.runId === runId && before?.runId === runId,
  );

/**
 * Throws `cannot_undo` unless every stream that the run committed to can go back: a later run may have built on it.
 */
export function assertUndoable(run: RunItem, streams: readonly StreamItem[]): void {
  if (run.status === 'queued' || run.status === 'running')
    throw new HeadgateError('cannot_undo', 'The run is not over yet. Cancel it first.');
  if (run.request.kind === 'undo')
    throw new HeadgateError(
      'cannot_undo',
      'An undo cannot be undone: start the run again instead.',
    );
  const back = new Set(undoable(run.runId, streams).map(({ stream }) => stream));
  const changed = Object.keys(run.streams).filter((name) =>
    streams.some(({ stream, committedBy }) => stream === name && committedBy !== null),
  );
  const built = changed.filter(
    (name) => run.streams[name]?.status === 'succeeded' && !back.has(name),
  );
  if (built.length > 0)
    throw new HeadgateError(
      'cannot_undo',
      `Later runs changed ${built.slice(0, 5).join(', ')}: only the last run of a source can be undone.`,
      { facts: { streams: built.slice(0, 20) } },
    );
  if (back.size === 0)
    throw new HeadgateError(
      'cannot_undo',
      'The run changed no table, so there is nothing to undo.',
    );
}

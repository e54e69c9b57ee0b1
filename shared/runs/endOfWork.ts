import type { Counts } from '../staging/streamLoader.ts';
import type { CommitInput, StagedWork } from './ingestProtocol.ts';
import type { RunItem } from './runItem.ts';
import type { RunEnd } from './runs.ts';

/** Whether a run brought anything: rows of an overlap that were there already do not count. */
export const changesRows = ({ written, rejected }: Counts, work: StagedWork): boolean =>
  written + rejected > 0 || work.commits.some(({ superseded = 0 }) => superseded > 0);

/** How a run ends whose last work this is: `failed` only when no stream of it succeeded. */
export function endOf(run: RunItem, work: StagedWork, loaded: boolean, now: Date): RunEnd {
  const succeeded = new Set([
    ...work.commits.map((commit) => commit.stream),
    ...Object.entries(run.streams).flatMap(([stream, { status }]) =>
      status === 'succeeded' ? [stream] : [],
    ),
  ]);
  const [failure] = work.failures;
  if (failure !== undefined && succeeded.size === 0)
    return { status: 'failed', error: failure, finishedAt: now };
  // A clear or a file deletion reads nothing, so none of the words for what was read fits.
  const result =
    run.request.kind === 'ingest' ? { result: loaded ? ('loaded' as const) : work.empty } : {};
  return failure === undefined
    ? { status: 'succeeded', ...result, finishedAt: now }
    : { status: 'partial', ...result, error: failure, finishedAt: now };
}

/** States that a turn of the state machine enters: Ingest, Next and Commit; PARK adds the Wait, FANOUT the Map; units count where their work is collected. */
export const transitionsOf = (
  { answer: { kind } }: CommitInput,
  { unitTransitions = 0 }: StagedWork,
): number => (kind === 'PARK' || kind === 'FANOUT' ? 4 : 3) + unitTransitions;

import type { Event } from '../../client/generated.ts';
import { onLiveEvent } from '../data/liveEvents.ts';
import { kindTitle } from '../pages/run/runWords.ts';
import { countOf, countText } from '../text/format.ts';
import { toast } from '../ui/Toasts.tsx';

/** Runs that were asked for in this tab: their ends are told, whatever they are. */
const ownRuns = new Set<string>();
/** What is replayed after a night is no news. */
const newsMilliseconds = 2 * 60_000;

export const watchRun = (runId: string): void => void ownRuns.add(runId);

/** Tells of what somebody should know on whatever page: failures, breaking drift, and the ends of their own runs. */
export const startEventToasts = (): (() => void) =>
  onLiveEvent((event) => {
    if (event === null || Date.now() - Date.parse(event.at) > newsMilliseconds) return;
    const source = event.sourceKey ?? event.sourceId;
    switch (event.type) {
      case 'sync_failed':
        ownRuns.delete(event.data.runId);
        return toast('error', `${source}: ${failureOf(event)}`, {
          to: `/runs/${event.data.runId}`,
          text: 'See why',
        });
      case 'sync_succeeded': {
        if (!ownRuns.delete(event.data.runId)) return;
        const { status, counts, result, runId, kind } = event.data;
        const outcome =
          result === 'nothing_new'
            ? ', nothing new'
            : kind === 'ingest' || kind === 'replay'
              ? `, ${countOf(counts.written, 'row')} written`
              : '';
        const rejected = counts.rejected > 0 ? `, ${countText(counts.rejected)} rejected` : '';
        const end = status === 'partial' ? 'some streams failed' : `${kindTitle(kind)} done`;
        return toast(
          status === 'partial' ? 'error' : 'success',
          `${source}: ${end}${outcome}${rejected}.`,
          { to: `/runs/${runId}`, text: 'See the run' },
        );
      }
      case 'sync_cancelled':
        if (ownRuns.delete(event.data.runId)) toast('info', `${source}: the run was stopped.`);
        return;
      case 'schema_drift':
        if (event.data.isBreaking)
          toast('error', `${source}: columns are gone or changed their type.`, {
            to: `/sources/${event.sourceId}?tab=streams`,
            text: 'See changes',
          });
        return;
      default:
        return;
    }
  });

const failureOf = ({ data }: Extract<Event, { readonly type: 'sync_failed' }>): string =>
  data.error?.message ?? 'the run failed.';

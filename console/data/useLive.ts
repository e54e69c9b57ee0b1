import { useEffect } from 'react';
import { onLiveEvent, useLiveStatus } from './liveEvents.ts';

/** `busy`: something runs that somebody watches. `calm`: it may change. `still`: it changes by what is done here. */
export type Pace = 'busy' | 'calm' | 'still';

/** Without live events, and with them: counts and log lines of a run change between its events. */
const milliseconds = {
  offline: { busy: 1_000, calm: 10_000 },
  live: { busy: 1_500, calm: 60_000 },
} as const;
/** Several events of one transaction are one look. */
const settleMilliseconds = 60;

/**
 * The one place that decides when the console looks again: when an event of `source` (id or key; left out: of any source)
 * says so, and at intervals. Never twice at once, not at all while the tab is hidden, and at once when it is shown again.
 */
export function useLive(look: () => Promise<void>, pace: Pace, source?: string): void {
  const isLive = useLiveStatus() === 'live';
  useEffect(() => {
    if (pace === 'still') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const schedule = (): void => {
      clearTimeout(timer);
      if (!ended && !document.hidden)
        timer = setTimeout(run, milliseconds[isLive ? 'live' : 'offline'][pace]);
    };
    const run = (): void => {
      clearTimeout(timer);
      void look().finally(schedule);
    };
    const onVisible = (): void => {
      clearTimeout(timer);
      if (!document.hidden) run();
    };
    const forget = onLiveEvent((event) => {
      if (document.hidden) return;
      const isOther =
        source !== undefined && event?.sourceId !== source && event?.sourceKey !== source;
      if (event !== null && isOther) return;
      clearTimeout(timer);
      timer = setTimeout(run, settleMilliseconds);
    });
    document.addEventListener('visibilitychange', onVisible);
    schedule();
    return () => {
      ended = true;
      clearTimeout(timer);
      forget();
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [look, pace, source, isLive]);
}

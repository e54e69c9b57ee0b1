import { useEffect } from 'react';

/** `busy`: something runs that somebody watches. `calm`: it may change. `still`: it changes by what is done here. */
export type Pace = 'busy' | 'calm' | 'still';

const milliseconds = { busy: 1_000, calm: 10_000 } as const;

/**
 * The one place that decides when the console looks again. Asks at intervals, never twice at once, not at all while
 * the tab is hidden, and at once when it is shown again.
 */
export function useLive(look: () => Promise<void>, pace: Pace): void {
  useEffect(() => {
    if (pace === 'still') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const schedule = (): void => {
      clearTimeout(timer);
      if (!ended && !document.hidden) timer = setTimeout(run, milliseconds[pace]);
    };
    const run = (): void => {
      void look().finally(schedule);
    };
    const onVisible = (): void => {
      clearTimeout(timer);
      if (!document.hidden) run();
    };
    document.addEventListener('visibilitychange', onVisible);
    schedule();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [look, pace]);
}

import { useSyncExternalStore } from 'react';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // Not at once: a time that changes while components subscribe to it makes them draw without end.
  if (listeners.size === 1) setTimeout(tick);
  timer ??= setInterval(tick, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const read = (): number => now;

/** The time, a step every ten seconds for everything on the page: “3 minutes ago” stays true. */
export const useNow = (): number => useSyncExternalStore(subscribe, read);

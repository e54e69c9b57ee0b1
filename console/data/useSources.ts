import { type RefObject, useCallback, useEffect, useSyncExternalStore } from 'react';
import { useClient } from '../app/session.ts';
import { onLiveEvent, useLiveStatus } from './liveEvents.ts';
import { type SourcesState, sourcesStoreOf } from './sourcesStore.ts';
import { useLive } from './useLive.ts';

const busyHealths: ReadonlySet<string> = new Set(['queued', 'syncing', 'processing']);

export interface Sources extends SourcesState {
  /** Reads all of them again. */
  refresh(): Promise<void>;
}

/** All sources, kept up to date; those in `visible` (ids) and those with a run are looked at each time. */
export function useSources(visible?: RefObject<readonly string[]>): Sources {
  const store = sourcesStoreOf(useClient());
  const state = useSyncExternalStore(store.subscribe, store.read);
  useEffect(() => void store.load(), [store]);
  const look = useCallback(() => {
    const watched = new Set(visible?.current);
    for (const { id, health } of store.read().sources) if (busyHealths.has(health)) watched.add(id);
    return store.look(watched);
  }, [store, visible]);
  // Events name the source that changed; only it is read again.
  useEffect(() => onLiveEvent((event) => void store.take(event)), [store]);
  const isLive = useLiveStatus() === 'live';
  const isBusy = state.sources.some(({ health }) => busyHealths.has(health));
  useLive(look, isLive ? 'still' : isBusy ? 'busy' : 'calm');
  return { ...state, refresh: store.load };
}

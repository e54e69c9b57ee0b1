import { useSyncExternalStore } from 'react';
import type { Event } from '../../client/generated.ts';
import { type LiveEvents, type LiveStatus, openEvents } from '../../client/openEvents.ts';
import type { Session } from '../app/session.ts';

export type { LiveStatus };

/** Gets each event once and in order; null when some may be missing and everything has to be looked at again. */
type Listener = (event: Event | null) => void;

let connection: LiveEvents | undefined;
let status: LiveStatus = 'connecting';
const listeners = new Set<Listener>();
const statusListeners = new Set<() => void>();

/** Opens the one connection of this tab. Answers what ends it. */
export function startLive({ token }: Session): () => void {
  const tell = (event: Event | null): void => {
    for (const listener of listeners) listener(event);
  };
  connection = openEvents({
    baseUrl: location.origin,
    token,
    onEvent: tell,
    onReset: () => tell(null),
    onStatus: (next) => {
      status = next;
      for (const listener of statusListeners) listener();
    },
  });
  return () => {
    connection?.close();
    connection = undefined;
    status = 'connecting';
  };
}

export function onLiveEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const subscribeStatus = (listener: () => void): (() => void) => {
  statusListeners.add(listener);
  return () => statusListeners.delete(listener);
};
const readStatus = (): LiveStatus => status;

export const useLiveStatus = (): LiveStatus => useSyncExternalStore(subscribeStatus, readStatus);

import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import type { Client } from '../../client/generated.ts';
import { useClient } from '../app/session.ts';
import { type QueryState, readQuery, refreshQuery, subscribeQuery } from './query.ts';
import { type Pace, useLive } from './useLive.ts';

export interface Query<T> extends QueryState<T> {
  /** Resolves when a new answer is there. */
  refresh(): Promise<void>;
}

/**
 * An answer of the API by key. Asked when it is first shown and kept up to date while it is: as often as `pace` says,
 * which may depend on the answer, and when an event of `source` (id or key; left out: of any source) tells of a change.
 * Equal keys MUST ask for the same; null asks nothing.
 */
export function useQuery<T>(
  key: string | null,
  load: (client: Client, signal: AbortSignal) => Promise<T>,
  pace: Pace | ((data: T | undefined) => Pace) = 'still',
  source?: string,
): Query<T> {
  const client = useClient();
  const loader = useRef(load);
  loader.current = load;
  const name = key ?? '';
  const state = useSyncExternalStore(
    useCallback((listener) => subscribeQuery(name, listener), [name]),
    () => readQuery<T>(name),
  );
  const refresh = useCallback(
    () =>
      name === ''
        ? Promise.resolve()
        : refreshQuery(name, (signal) => loader.current(client, signal)),
    [client, name],
  );
  useEffect(() => void refresh(), [refresh]);
  const now = typeof pace === 'function' ? pace(state.data) : pace;
  useLive(refresh, name === '' ? 'still' : now, source);
  return { ...state, refresh };
}

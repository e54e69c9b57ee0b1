/** What is known of one answer of the API. */
export interface QueryState<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

interface Entry {
  state: QueryState<unknown>;
  readonly listeners: Set<() => void>;
  fetching: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;
  again: boolean;
}

const nothing: QueryState<unknown> = { data: undefined, error: undefined, isLoading: true };

/**
 * Answers by key, shared by everything that shows them: two components that want the same send one request, a page
 * that is opened again shows what it showed last while it asks anew.
 */
const entries = new Map<string, Entry>();
/** Answers nobody looks at are kept for going back, but not without end. */
const maxEntries = 200;

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { state: nothing, listeners: new Set(), fetching: undefined, again: false };
    entries.set(key, entry);
    if (entries.size > maxEntries)
      for (const [old, { listeners }] of entries) {
        if (entries.size <= maxEntries) break;
        if (listeners.size === 0 && old !== key) entries.delete(old);
      }
  }
  return entry;
}

export const readQuery = <T>(key: string): QueryState<T> => entryOf(key).state as QueryState<T>;

export function subscribeQuery(key: string, listener: () => void): () => void {
  const entry = entryOf(key);
  entry.listeners.add(listener);
  return () => {
    entry.listeners.delete(listener);
    if (entry.listeners.size === 0) entry.fetching?.abort.abort();
  };
}

function become(entry: Entry, state: QueryState<unknown>): void {
  entry.state = state;
  for (const listener of entry.listeners) listener();
}

/** Asks (again). While one request is under way, a second one follows it; any more would bring nothing new. */
export function refreshQuery(
  key: string,
  load: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const entry = entryOf(key);
  if (entry.fetching !== undefined && !entry.fetching.abort.signal.aborted) {
    entry.again = true;
    return entry.fetching.done;
  }
  const abort = new AbortController();
  const run = async (): Promise<void> => {
    do {
      entry.again = false;
      try {
        const data = await load(abort.signal);
        if (abort.signal.aborted) return;
        become(entry, {
          data: sameIfEqual(entry.state.data, data),
          error: undefined,
          isLoading: false,
        });
      } catch (error) {
        if (abort.signal.aborted) return;
        become(entry, { data: entry.state.data, error, isLoading: false });
      }
    } while (entry.again);
  };
  const done = run().finally(() => {
    if (entry.fetching?.abort === abort) entry.fetching = undefined;
  });
  entry.fetching = { done, abort };
  return done;
}

/** The earlier answer when nothing changed, so that nothing is drawn again. */
function sameIfEqual(before: unknown, after: unknown): unknown {
  if (before === undefined) return after;
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

/** When somebody else signs in: nothing of the one before is left. */
export function forgetQueries(): void {
  for (const { fetching } of entries.values()) fetching?.abort.abort();
  entries.clear();
}

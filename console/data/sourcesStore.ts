import type { Client, Event, SourceSummary } from '../../client/generated.ts';
import { ProblemError } from '../../client/problemError.ts';

/** All sources of the tenant, or as many as were read so far. */
export interface SourcesState {
  readonly sources: readonly SourceSummary[];
  /** As the API counts them. */
  readonly total: number;
  readonly isComplete: boolean;
  readonly error: unknown;
}

const pageSize = 200;
const settleMilliseconds = 60;
const empty: SourcesState = { sources: [], total: 0, isComplete: false, error: undefined };

/** A page of the list as the API gave it, and where the next one begins. */
interface Page {
  readonly cursor: string | undefined;
  readonly sources: readonly SourceSummary[];
}

/**
 * The list of sources, read page by page and kept whole, so that searching and sorting thousands of them asks nobody.
 * Sources come in creation order, so pages keep their place and can be read again one at a time.
 */
export class SourcesStore {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  #pages: readonly Page[] = [];
  #state: SourcesState = empty;
  #loading: Promise<void> | undefined;
  /** The page that is looked at next although nobody watches anything on it. */
  #turn = 0;
  readonly #asked = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  readonly read = (): SourcesState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Reads everything anew. What is shown stays until its page is read. */
  readonly load = (): Promise<void> => {
    this.#loading ??= this.#readAll().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  };

  /** Reads the pages again that hold one of these sources, and one more in turn; new sources are on the last. */
  async look(watched: ReadonlySet<string>): Promise<void> {
    if (!this.#state.isComplete) return this.load();
    const last = this.#pages.length - 1;
    this.#turn = (this.#turn + 1) % Math.max(1, this.#pages.length);
    const wanted = this.#pages.flatMap(({ sources }, index) =>
      index === last || index === this.#turn || sources.some(({ id }) => watched.has(id))
        ? [index]
        : [],
    );
    try {
      for (const index of wanted) await this.#readPage(index);
      this.#publish({ error: undefined });
    } catch (error) {
      this.#publish({ error });
    }
  }

  /** Reads the source again that an event tells of; everything when events were missed, the end for a new source. */
  async take(event: Event | null): Promise<void> {
    if (event === null || !this.#state.isComplete) return this.load();
    const { sourceId } = event;
    if (event.type === 'sync_progress' || this.#asked.has(sourceId)) return;
    if (!this.#state.sources.some(({ id }) => id === sourceId))
      return this.#readPage(this.#pages.length - 1);
    this.#asked.add(sourceId);
    // Several events of one change are one request.
    await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
    this.#asked.delete(sourceId);
    try {
      this.put(await this.#client.getSource({ idOrKey: sourceId }));
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) this.remove(sourceId);
      else this.#publish({ error });
    }
  }

  /** Puts what a request answered into its place at once. */
  put(source: SourceSummary): void {
    this.#pages = this.#pages.map((page) => ({
      ...page,
      sources: page.sources.map((each) => (each.id === source.id ? source : each)),
    }));
    this.#publish({});
  }

  remove(sourceId: string): void {
    this.#pages = this.#pages.map((page) => ({
      ...page,
      sources: page.sources.filter(({ id }) => id !== sourceId),
    }));
    this.#publish({ total: Math.max(0, this.#state.total - 1) });
  }

  async #readAll(): Promise<void> {
    try {
      let cursor: string | undefined;
      const before = this.#pages;
      for (let index = 0; ; index++) {
        const { data, pagination } = await this.#ask(cursor);
        // Pages of the last reading that follow are shown until they are read.
        this.#pages = [
          ...this.#pages.slice(0, index),
          { cursor, sources: data },
          ...before.slice(index + 1),
        ];
        const next = pagination.nextCursor ?? undefined;
        if (next === undefined) this.#pages = this.#pages.slice(0, index + 1);
        this.#publish({
          total: pagination.total,
          isComplete: next === undefined || this.#state.isComplete,
          error: undefined,
        });
        if (next === undefined) return;
        cursor = next;
      }
    } catch (error) {
      this.#publish({ error });
    }
  }

  async #readPage(index: number): Promise<void> {
    const page = this.#pages[index];
    if (page === undefined) return;
    const { data, pagination } = await this.#ask(page.cursor);
    const isLast = index === this.#pages.length - 1;
    // The list grew past the page that was the last one.
    if (isLast && pagination.nextCursor !== null) return this.load();
    const changed = JSON.stringify(data) !== JSON.stringify(page.sources);
    if (!changed && pagination.total === this.#state.total) return;
    this.#pages = this.#pages.map((each, at) => (at === index ? { ...each, sources: data } : each));
    this.#publish({ total: pagination.total });
  }

  #ask(cursor: string | undefined): ReturnType<Client['listSources']> {
    return this.#client.listSources({
      query: { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) },
    });
  }

  #publish(change: Partial<SourcesState>): void {
    const unique = new Map<string, SourceSummary>();
    for (const { sources } of this.#pages)
      for (const source of sources) if (!unique.has(source.id)) unique.set(source.id, source);
    this.#state = { ...this.#state, sources: [...unique.values()], ...change };
    for (const listener of this.#listeners) listener();
  }
}

const stores = new WeakMap<Client, SourcesStore>();

/** One list for everything that a session shows. */
export function sourcesStoreOf(client: Client): SourcesStore {
  const store = stores.get(client) ?? new SourcesStore(client);
  stores.set(client, store);
  return store;
}

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
/** More sources than these are read by the page. */
const mostAlone = 10;
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
  /** Sources that events told of and nobody has looked at yet. */
  readonly #changed = new Set<string>();
  #settling: Promise<void> | undefined;

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
    if (event.type === 'sync_progress') return;
    this.#changed.add(event.sourceId);
    // Events that come together, of one source or of hundreds, are one look, and the list is drawn once for all of them.
    this.#settling ??= new Promise((resolve) => setTimeout(resolve, settleMilliseconds)).then(() =>
      this.#readChanged(),
    );
    return this.#settling;
  }

  async #readChanged(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#settling = undefined;
    const known = new Set(this.#state.sources.map(({ id }) => id));
    const [old, hasNew] = [
      changed.filter((id) => known.has(id)),
      changed.some((id) => !known.has(id)),
    ];
    try {
      if (old.length > mostAlone) await this.look(new Set(old));
      else {
        const read = await Promise.all(old.map((id) => this.#readSource(id)));
        if (hasNew) await this.#readPage(this.#pages.length - 1);
        if (old.length > 0) this.#replace(new Map(read));
      }
    } catch (error) {
      this.#publish({ error });
    }
  }

  /** null: it is gone. */
  async #readSource(id: string): Promise<readonly [string, SourceSummary | null]> {
    try {
      return [id, await this.#client.getSource({ idOrKey: id })];
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return [id, null];
      throw error;
    }
  }

  #replace(changed: ReadonlyMap<string, SourceSummary | null>): void {
    let gone = 0;
    this.#pages = this.#pages.map((page) =>
      page.sources.some(({ id }) => changed.has(id))
        ? {
            ...page,
            sources: page.sources.flatMap((source) => {
              const next = changed.get(source.id);
              if (next === undefined) return [source];
              if (next === null) gone += 1;
              return next === null ? [] : [next];
            }),
          }
        : page,
    );
    this.#publish({ total: Math.max(0, this.#state.total - gone) });
  }

  /** Puts what a request answered into its place at once. */
  put(source: SourceSummary): void {
    this.#replace(new Map([[source.id, source]]));
  }

  remove(sourceId: string): void {
    this.#replace(new Map([[sourceId, null]]));
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

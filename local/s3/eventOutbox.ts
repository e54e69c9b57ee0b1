import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectIndex } from './openIndex.ts';

/** An object came to be. Delivered at least once and in no promised order; `sequencer` gives the order of a key. */
export interface ObjectCreated {
  readonly eventName:
    | 'ObjectCreated:Put'
    | 'ObjectCreated:Post'
    | 'ObjectCreated:Copy'
    | 'ObjectCreated:CompleteMultipartUpload';
  readonly bucket: string;
  readonly key: string;
  /** `null` as text where the bucket is not versioned. */
  readonly versionId: string;
  readonly size: number;
  /** Without quotes. */
  readonly eTag: string;
  /** 16 upper-case hex digits; compares as text. */
  readonly sequencer: string;
  /** ISO 8601. */
  readonly eventTime: string;
}

/** Resolves when the event is safely taken; a rejection is tried again, with growing pauses. */
export type DeliverObjectCreated = (event: ObjectCreated, signal: AbortSignal) => Promise<void>;

/** Deliveries under way at once, per bucket; those waiting for another try do not count. */
const mostAtOnce = 16;
const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 30_000;
const nextPause = (pause: number): number => Math.min(2 * pause, longestPauseMilliseconds);
/** More than these do not wait in memory: what is not taken yet stays in the index. */
const mostWaiting = 256;

type EventRow = { id: number; body: string };

interface Listener {
  readonly deliver: DeliverObjectCreated;
  /** The last event handed out since the start. */
  taken: number;
  active: number;
  /** Refused at least once, until their next try. */
  waiting: number;
}

/**
 * Events, stored in the same transaction as the object they tell of and removed once delivered, so that a
 * kill at any moment loses none. Events are stored only for buckets that have a listener.
 */
export class EventOutbox {
  readonly #index: ObjectIndex;
  readonly #listeners = new Map<string, Listener>();
  readonly #closing = new AbortController();

  constructor(index: ObjectIndex) {
    this.#index = index;
    // Every event that waits for another try listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Delivers what waits and what comes. One listener a bucket; a second replaces the first. */
  listen(bucket: string, deliver: DeliverObjectCreated): void {
    const before = this.#listeners.get(bucket);
    this.#listeners.set(bucket, { deliver, taken: before?.taken ?? 0, active: 0, waiting: 0 });
    this.wake(bucket);
  }

  /** MUST be called within the transaction that creates the object. */
  record(event: ObjectCreated): void {
    if (!this.#listeners.has(event.bucket)) return;
    this.#index.run(
      'INSERT INTO events(bucket, body) VALUES(?, ?)',
      event.bucket,
      JSON.stringify(event),
    );
  }

  /** To be called after the commit of what was recorded. */
  wake(bucket: string): void {
    const listener = this.#listeners.get(bucket);
    while (
      listener !== undefined &&
      listener.active < mostAtOnce &&
      listener.waiting < mostWaiting &&
      !this.#closing.signal.aborted
    ) {
      const row = this.#index.get<EventRow>(
        'SELECT id, body FROM events WHERE bucket = ? AND id > ? ORDER BY id LIMIT 1',
        bucket,
        listener.taken,
      );
      if (row === undefined) return;
      listener.taken = row.id;
      void this.#deliver(bucket, listener, row);
    }
  }

  async #deliver(bucket: string, listener: Listener, row: EventRow): Promise<void> {
    const { signal } = this.#closing;
    const event = JSON.parse(row.body) as ObjectCreated;
    for (let pause = firstPauseMilliseconds; !signal.aborted; pause = nextPause(pause)) {
      listener.active += 1;
      let delivered = true;
      try {
        await listener.deliver(event, signal);
      } catch {
        delivered = false;
      }
      listener.active -= 1;
      if (signal.aborted) return;
      if (delivered) this.#index.run('DELETE FROM events WHERE id = ?', row.id);
      else listener.waiting += 1;
      this.wake(bucket);
      if (delivered) return;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      listener.waiting -= 1;
    }
  }

  /** Stops delivering; what is not acknowledged by now is delivered after the next start. */
  close(): void {
    this.#closing.abort();
  }
}

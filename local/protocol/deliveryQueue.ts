import type { DatabaseSync } from 'node:sqlite';
import type { Log } from '../../shared/log.ts';
import { closeMilliseconds, settleWithin } from './settleWithin.ts';

/** Hands a payload (JSON text) to what an ARN names; rejects when it was not accepted. */
export type DeliverToTarget = (
  targetArn: string,
  payload: string,
  signal: AbortSignal,
) => Promise<void>;

/** Puts a message into the queue that an ARN names. */
export type SendToQueue = (
  queueArn: string,
  body: string,
  attributes: Readonly<Record<string, string>>,
) => void | Promise<void>;

export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export interface Delivery {
  readonly targetArn: string;
  /** What the service needs to render the payload anew on each attempt. JSON. */
  readonly payload: string;
  readonly retry: RetryPolicy;
  readonly deadLetterArn?: string | undefined;
  /** Attributes of the message in the dead letter queue. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface DeliveryQueueOptions {
  readonly database: DatabaseSync;
  readonly deliver: DeliverToTarget;
  readonly sendToQueue: SendToQueue;
  readonly now: () => number;
  readonly log?: Log | undefined;
  /** The text that is delivered, per attempt (0 is the first). Default: the payload itself. */
  readonly render?: (payload: string, attempt: number) => string;
  /** Before the first retry; doubles up to 300 times as much. Default 1000. */
  readonly retryMilliseconds?: number | undefined;
  /** Deliver nothing until `resume` is called, e.g. because targets are not there yet. Default false. */
  readonly paused?: boolean | undefined;
}

const schema = `CREATE TABLE IF NOT EXISTS deliveries(
  id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries(due);`;

/** Deliveries under way at the same time; the rest waits in the file. */
const concurrency = 32;

/**
 * Asynchronous deliveries that survive kill -9: stored before they are tried, removed when accepted, retried
 * with growing pauses, then sent to the dead letter queue. At least once, in no particular order.
 */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #paused: boolean;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
    this.#paused = options.paused ?? false;
    options.database.exec(schema);
    this.wake();
  }

  /** Stores a delivery; inside the caller's transaction when there is one. Call `wake` after it. */
  add(delivery: Delivery): void {
    const now = this.#options.now();
    this.#options.database
      .prepare('INSERT INTO deliveries(delivery, created, due) VALUES (?, ?, ?)')
      .run(JSON.stringify(delivery), now, now);
  }

  /** Starts what is due, and sets the timer for what is not. */
  wake(): void {
    if (this.#stop.signal.aborted || this.#paused) return;
    clearTimeout(this.#timer);
    const now = this.#options.now();
    const rows = this.#options.database
      .prepare('SELECT id, delivery, attempts, created, due FROM deliveries ORDER BY due LIMIT ?')
      .all(2 * concurrency);
    for (const row of rows) {
      const id = Number(row['id']);
      if (this.#underWay.has(id) || this.#underWay.size >= concurrency) continue;
      if (Number(row['due']) > now) {
        this.#timer = setTimeout(
          () => this.#wakeLater(),
          Math.min(Number(row['due']) - now, 60_000),
        );
        this.#timer.unref();
        break;
      }
      const delivery = JSON.parse(String(row['delivery'])) as Delivery;
      const attempt = this.#attempt(id, delivery, Number(row['attempts']), Number(row['created']))
        .catch((error: unknown) => this.#options.log?.error('a delivery failed', { error }))
        .finally(() => {
          this.#underWay.delete(id);
          this.#wakeLater();
        });
      this.#underWay.set(id, attempt);
    }
  }

  /** `wake` where nobody would hear it fail. */
  #wakeLater(): void {
    try {
      this.wake();
    } catch (error) {
      this.#options.log?.error('deliveries cannot be read', { error });
    }
  }

  /** Ends the pause. */
  resume(): void {
    this.#paused = false;
    this.wake();
  }

  /** Resolves when nothing is under way; retries that are not due yet are not waited for. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  /** Waits for what is under way, but not for long: what was not accepted is delivered after the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await settleWithin(closeMilliseconds, Promise.all(this.#underWay.values()));
  }

  async #attempt(id: number, delivery: Delivery, attempts: number, created: number): Promise<void> {
    const { database, deliver, render, now, retryMilliseconds = 1000 } = this.#options;
    const body = render === undefined ? delivery.payload : render(delivery.payload, attempts);
    const remove = (): unknown => database.prepare('DELETE FROM deliveries WHERE id = ?').run(id);
    try {
      await deliver(delivery.targetArn, body, this.#stop.signal);
      if (!this.#stop.signal.aborted) remove();
    } catch (error) {
      // Stopping is no verdict on the delivery: it is tried again after the next start.
      if (this.#stop.signal.aborted) return;
      const pause = retryMilliseconds * Math.min(2 ** attempts, 300);
      const { maximumRetryAttempts, maximumEventAgeSeconds } = delivery.retry;
      const tooOld = now() + pause - created > maximumEventAgeSeconds * 1000;
      if (attempts < maximumRetryAttempts && !tooOld) {
        database
          .prepare('UPDATE deliveries SET attempts = ?, due = ? WHERE id = ?')
          .run(attempts + 1, now() + pause, id);
        return;
      }
      this.#options.log?.warn('a delivery was given up', { target: delivery.targetArn, error });
      await this.#bury(delivery, body, error);
      remove();
    }
  }

  /** A dead letter queue that is not there loses the delivery, as on AWS, but not without a word. */
  async #bury(delivery: Delivery, body: string, error: unknown): Promise<void> {
    if (delivery.deadLetterArn === undefined) return;
    try {
      await this.#options.sendToQueue(delivery.deadLetterArn, body, {
        ...delivery.attributes,
        ERROR_CODE: error instanceof Error ? error.name : 'Error',
        ERROR_MESSAGE: error instanceof Error ? error.message : String(error),
      });
    } catch (cause) {
      this.#options.log?.error('a dead letter was lost', {
        queue: delivery.deadLetterArn,
        error: cause,
      });
    }
  }
}

import type { Log } from '../../shared/log.ts';
import { closeMilliseconds, settleWithin } from '../protocol/settleWithin.ts';
import type { ItemStore } from './itemStore.ts';
import type { StreamRecord } from './streamRecord.ts';

/** What a consumer answers; the sequence numbers that failed, as Lambda's ReportBatchItemFailures. */
export interface StreamAnswer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}
export type DeliverStreamRecords = (
  records: readonly StreamRecord[],
  signal: AbortSignal,
) => Promise<StreamAnswer | undefined>;

export interface StreamConsumerOptions {
  /** Keeps a place of its own in the stream, across restarts. Default `default`. */
  readonly consumer?: string;
  /** Default 100. */
  readonly batchSize?: number;
  /** After so many retries a batch is discarded; default: tried until its records are a day old. */
  readonly maximumRetryAttempts?: number;
  /** Halve a failing batch, to find the record that fails. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** Where a new consumer starts. Default `TRIM_HORIZON`: the oldest record kept. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST';
  /** Which records are delivered at all (FilterCriteria); the others count as handled. */
  readonly filter?: (record: StreamRecord) => boolean;
  /** Told of records that were given up, before their place in the stream is passed. */
  readonly onDiscarded?: (records: readonly StreamRecord[], error: unknown) => Promise<void>;
  /** Milliseconds before the first retry; doubles up to 100 times as much. Default 100. */
  readonly retryMilliseconds?: number;
}

/** A synchronous invocation takes 6 MB (Lambda quotas); the rest is for the envelope. */
const maxBatchBytes = 5 * 1024 * 1024;

/** AWS keeps records for 24 hours. */
const keepMilliseconds = 24 * 3600 * 1000;

/**
 * Delivers one table's stream records to one consumer: in the order of the changes, one batch at a time, at
 * least once. The place is stored after a batch was accepted, so that what was not survives kill -9.
 */
export class StreamDelivery {
  readonly #store: ItemStore;
  readonly #table: string;
  readonly #deliver: DeliverStreamRecords;
  readonly #options: StreamConsumerOptions;
  readonly #consumer: string;
  readonly #log: Log | undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;

  constructor(
    store: ItemStore,
    table: string,
    deliver: DeliverStreamRecords,
    options: StreamConsumerOptions,
    log: Log | undefined,
  ) {
    this.#log = log;
    this.#store = store;
    this.#table = table;
    this.#deliver = deliver;
    this.#options = options;
    this.#consumer = options.consumer ?? 'default';
    const start =
      options.startingPosition === 'LATEST'
        ? '(SELECT coalesce(max(seq), 0) FROM stream_records)'
        : '0';
    store.database
      .prepare(`INSERT OR IGNORE INTO stream_positions VALUES (?, ?, ${start})`)
      .run(table, this.#consumer);
  }

  /** Starts delivering what is there, unless that is under way. */
  wake(): void {
    this.#again = true;
    if (this.#running !== undefined || this.#stop.signal.aborted) return;
    this.#running = this.#drain()
      .catch((error: unknown) => this.#log?.error('a stream was not delivered', { error }))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) this.wake();
      });
  }

  /** Resolves when everything written so far has been accepted or discarded. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#running !== undefined) await settleWithin(closeMilliseconds, this.#running);
  }

  async #drain(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      for (;;) {
        const batch = this.#next();
        const last = batch.at(-1);
        if (last === undefined) break;
        const wanted = batch.filter((record) => this.#options.filter?.(record) ?? true);
        if (wanted.length > 0 && !(await this.#offer(wanted))) return;
        this.#accept(last.dynamodb.SequenceNumber);
      }
    }
  }

  /** The next batch: up to `batchSize` records, and no more bytes than a function can be invoked with. */
  #next(): readonly StreamRecord[] {
    const rows = this.#store.database
      .prepare(
        `SELECT seq, record FROM stream_records WHERE t = ?1 AND seq >
           (SELECT seq FROM stream_positions WHERE t = ?1 AND consumer = ?2) ORDER BY seq LIMIT ?3`,
      )
      .iterate(this.#table, this.#consumer, this.#options.batchSize ?? 100);
    const batch: StreamRecord[] = [];
    let bytes = 0;
    for (const row of rows) {
      const text = String(row['record']);
      bytes += Buffer.byteLength(text);
      if (batch.length > 0 && bytes > maxBatchBytes) break;
      const record = JSON.parse(text) as StreamRecord;
      // Padded to the length of those of AWS, so that they also sort as text.
      const SequenceNumber = String(row['seq']).padStart(21, '0');
      batch.push({ ...record, dynamodb: { ...record.dynamodb, SequenceNumber } });
    }
    return batch;
  }

  /** Tries a batch until it is accepted or discarded. False: stopped meanwhile. */
  async #offer(batch: readonly StreamRecord[]): Promise<boolean> {
    let rest = batch;
    const { maximumRetryAttempts, retryMilliseconds = 100 } = this.#options;
    for (let attempt = 0; rest.length > 0; attempt++) {
      if (this.#stop.signal.aborted) return false;
      let failure: unknown;
      try {
        const answer = await this.#deliver(rest, this.#stop.signal);
        const remaining = afterPartialFailure(rest, answer);
        if (remaining.length === 0) return true;
        // Progress starts the count anew: what is left has only now failed for the first time.
        if (remaining.length < rest.length) attempt = 0;
        rest = remaining;
        failure = new Error('The function reported batch item failures');
      } catch (error) {
        failure = error;
      }
      if (this.#stop.signal.aborted) return false;
      if (this.#options.bisectBatchOnFunctionError === true && rest.length > 1) {
        const half = Math.ceil(rest.length / 2);
        return (await this.#offer(rest.slice(0, half))) && (await this.#offer(rest.slice(half)));
      }
      const created = (rest[0]?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000;
      const exhausted = maximumRetryAttempts !== undefined && attempt >= maximumRetryAttempts;
      const giveUp = exhausted || this.#store.now - created > keepMilliseconds;
      if (giveUp && (await this.#discard(rest, failure))) return true;
      await this.#pause(retryMilliseconds * Math.min(2 ** attempt, 100));
    }
    return true;
  }

  /** False when whoever is to be told could not be: the batch is kept, because nothing may get lost unseen. */
  async #discard(batch: readonly StreamRecord[], failure: unknown): Promise<boolean> {
    try {
      await this.#options.onDiscarded?.(batch, failure);
      return true;
    } catch (error) {
      this.#log?.error('discarded stream records could not be told', { error });
      return false;
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#stop.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  #accept(sequenceNumber: string): void {
    const { database } = this.#store;
    this.#store.transaction(() => {
      database
        .prepare('UPDATE stream_positions SET seq = ? WHERE t = ? AND consumer = ?')
        .run(Number(sequenceNumber), this.#table, this.#consumer);
      trimStream(this.#store, this.#table);
    });
  }
}

/** From the lowest sequence number that failed on; an empty identifier means the whole batch failed. */
function afterPartialFailure(
  batch: readonly StreamRecord[],
  answer: StreamAnswer | undefined,
): readonly StreamRecord[] {
  const failed = answer?.batchItemFailures ?? [];
  if (failed.length === 0) return [];
  const identifiers = new Set(failed.map(({ itemIdentifier }) => itemIdentifier));
  const first = batch.findIndex(({ dynamodb }) => identifiers.has(dynamodb.SequenceNumber));
  return first === -1 ? batch : batch.slice(first);
}

/** Drops records that every consumer has passed, and those older than a day. */
export function trimStream(store: ItemStore, table: string): void {
  store.database
    .prepare(
      `DELETE FROM stream_records WHERE t = ?1 AND (created < ?2 OR seq <=
         (SELECT min(seq) FROM stream_positions WHERE t = ?1))`,
    )
    .run(table, store.now - keepMilliseconds);
}

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../protocol/awsError.ts';
import { inTransaction, openSqlite } from '../protocol/sqlite.ts';
import { type Queue, queueNameOfArn, settings } from './queue.ts';

const schema = `
CREATE TABLE IF NOT EXISTS queues(name TEXT PRIMARY KEY, queue TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS messages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message TEXT NOT NULL,
  sent INTEGER NOT NULL, visible INTEGER NOT NULL, first_received INTEGER,
  receives INTEGER NOT NULL DEFAULT 0, receipt TEXT, held INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS messages_visible ON messages(queue, visible);
`;

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  /** Base64. */
  readonly BinaryValue?: string | undefined;
}

export interface NewMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
}

export interface StoredMessage extends NewMessage {
  readonly messageId: string;
}

export interface ReceivedMessage extends StoredMessage {
  readonly receiptHandle: string;
  /** Epoch milliseconds. */
  readonly sent: number;
  readonly firstReceived: number;
  /** This one included. */
  readonly receives: number;
}

export const nonExistentQueue = (): AwsError =>
  new AwsError('com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.', {
    headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
  });

/** Queues and their messages in SQLite. */
export class MessageStore {
  readonly database: DatabaseSync;
  readonly #now: () => number;
  /** Called when a message may have become visible in a queue. */
  onMessage: (queueName: string) => void = () => {};

  constructor(folder: string, now: () => number) {
    this.#now = now;
    this.database = openSqlite(folder, 'sqs', schema);
    // Consumers inside this process died with it: nobody else is working on what they had received.
    this.database.exec('UPDATE messages SET visible = 0, held = 0 WHERE held = 1');
  }

  get now(): number {
    return this.#now();
  }

  find(name: string): Queue | undefined {
    const row = this.database.prepare('SELECT queue FROM queues WHERE name = ?').get(name);
    return row === undefined ? undefined : (JSON.parse(String(row['queue'])) as Queue);
  }

  get(name: string): Queue {
    const queue = this.find(name);
    if (queue === undefined) throw nonExistentQueue();
    return queue;
  }

  names(prefix: string): readonly string[] {
    return this.database
      .prepare('SELECT name FROM queues ORDER BY name')
      .all()
      .map((row) => String(row['name']))
      .filter((name) => name.startsWith(prefix));
  }

  save(queue: Queue): void {
    this.database
      .prepare('INSERT OR REPLACE INTO queues VALUES (?, ?)')
      .run(queue.name, JSON.stringify(queue));
  }

  drop(name: string): void {
    inTransaction(this.database, () => {
      this.purge(name);
      this.database.prepare('DELETE FROM queues WHERE name = ?').run(name);
    });
  }

  purge(name: string): void {
    this.database.prepare('DELETE FROM messages WHERE queue = ?').run(name);
  }

  /** Stores a message; answers its id. */
  send(queue: Queue, message: NewMessage, delaySeconds?: number): string {
    const messageId = randomUUID();
    const delay = (delaySeconds ?? settings(queue).delaySeconds) * 1000;
    const stored: StoredMessage = { ...message, messageId };
    this.database
      .prepare('INSERT INTO messages(queue, message, sent, visible) VALUES (?, ?, ?, ?)')
      .run(queue.name, JSON.stringify(stored), this.now, this.now + delay);
    this.onMessage(queue.name);
    return messageId;
  }

  /**
   * Takes up to `limit` visible messages, oldest first, out of sight for `visibilitySeconds`. What was
   * received too often already goes to the dead letter queue instead.
   */
  receive(
    queue: Queue,
    limit: number,
    visibilitySeconds: number,
    options: { readonly held?: boolean } = {},
  ): readonly ReceivedMessage[] {
    const moved = new Set<string>();
    const received = inTransaction(this.database, () => {
      this.#expire(queue);
      const messages: ReceivedMessage[] = [];
      let after = 0;
      for (;;) {
        const rows = this.database
          .prepare(
            'SELECT * FROM messages WHERE queue = ? AND visible <= ? AND id > ? ORDER BY id LIMIT ?',
          )
          .all(queue.name, this.now, after, limit - messages.length);
        let redriven = 0;
        for (const row of rows) {
          after = Number(row['id']);
          const target = this.#redriveTarget(queue, Number(row['receives']));
          if (target === undefined) {
            messages.push(this.#take(row, visibilitySeconds, options.held ?? false));
            continue;
          }
          this.database
            .prepare(
              'UPDATE messages SET queue = ?, receives = 0, receipt = NULL, held = 0 WHERE id = ?',
            )
            .run(target, row['id'] ?? null);
          moved.add(target);
          redriven += 1;
        }
        if (redriven === 0) return messages;
      }
    });
    for (const name of moved) this.onMessage(name);
    return received;
  }

  #redriveTarget(queue: Queue, receives: number): string | undefined {
    const { redrive } = settings(queue);
    if (redrive === undefined || receives < redrive.maxReceiveCount) return undefined;
    const name = queueNameOfArn(redrive.deadLetterTargetArn);
    return this.find(name) === undefined ? undefined : name;
  }

  #take(
    row: Readonly<Record<string, unknown>>,
    visibilitySeconds: number,
    held: boolean,
  ): ReceivedMessage {
    const id = Number(row['id']);
    const receiptHandle = Buffer.from(`${id}:${randomUUID()}`).toString('base64');
    const firstReceived = Number(row['first_received'] ?? this.now);
    const receives = Number(row['receives']) + 1;
    this.database
      .prepare(
        'UPDATE messages SET visible = ?, first_received = ?, receives = ?, receipt = ?, held = ? WHERE id = ?',
      )
      .run(
        this.now + visibilitySeconds * 1000,
        firstReceived,
        receives,
        receiptHandle,
        held ? 1 : 0,
        id,
      );
    const message = JSON.parse(String(row['message'])) as StoredMessage;
    return { ...message, receiptHandle, sent: Number(row['sent']), firstReceived, receives };
  }

  /** Removes a message by its latest receipt; an older one removes nothing, and is no error in AWS either. */
  delete(queue: Queue, receiptHandle: string): void {
    this.database
      .prepare('DELETE FROM messages WHERE queue = ? AND id = ? AND receipt = ?')
      .run(queue.name, rowIdOf(receiptHandle), receiptHandle);
  }

  /** Makes a message in flight visible after `seconds`; tells nobody. */
  changeVisibility(queue: Queue, receiptHandle: string, seconds: number): void {
    const { changes } = this.database
      .prepare(
        'UPDATE messages SET visible = ?, held = 0 WHERE queue = ? AND id = ? AND receipt = ?',
      )
      .run(this.now + seconds * 1000, queue.name, rowIdOf(receiptHandle), receiptHandle);
    if (Number(changes) === 0)
      throw new AwsError(
        'com.amazonaws.sqs#MessageNotInflight',
        'The specified message is not in flight.',
      );
  }

  /** When the next message of a queue becomes visible: epoch milliseconds, or undefined. */
  nextVisible(queue: Queue): number | undefined {
    const row = this.database
      .prepare('SELECT min(visible) AS visible FROM messages WHERE queue = ?')
      .get(queue.name);
    const visible = row?.['visible'];
    return typeof visible === 'number' ? visible : undefined;
  }

  /** How many messages are visible, in flight and delayed. */
  counts(queue: Queue): { visible: number; inFlight: number; delayed: number } {
    this.#expire(queue);
    const row = this.database
      .prepare(
        `SELECT count(*) FILTER (WHERE visible <= ?1) AS visible,
           count(*) FILTER (WHERE visible > ?1 AND receipt IS NOT NULL) AS in_flight,
           count(*) FILTER (WHERE visible > ?1 AND receipt IS NULL) AS delayed
         FROM messages WHERE queue = ?2`,
      )
      .get(this.now, queue.name);
    return {
      visible: Number(row?.['visible']),
      inFlight: Number(row?.['in_flight']),
      delayed: Number(row?.['delayed']),
    };
  }

  #expire(queue: Queue): void {
    const oldest = this.now - settings(queue).retentionSeconds * 1000;
    this.database
      .prepare('DELETE FROM messages WHERE queue = ? AND sent < ?')
      .run(queue.name, oldest);
  }
}

function rowIdOf(receiptHandle: string): number {
  const id = /^(\d+):[0-9a-f-]{36}$/.exec(Buffer.from(receiptHandle, 'base64').toString())?.[1];
  if (id === undefined)
    throw new AwsError(
      'com.amazonaws.sqs#ReceiptHandleIsInvalid',
      `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`,
    );
  return Number(id);
}

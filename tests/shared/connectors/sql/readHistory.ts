import pg from 'pg';
import { makePostgres } from '../../../../connectors/postgres.ts';
import {
  type SqlCheckpoint,
  sqlCheckpoint,
} from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import { postgresContext, requestOf } from '../../../connectors/postgresContext.ts';
import { type Row, readBatch } from '../../../connectors/readBatch.ts';
import type { PostgresServer } from '../../../postgres.ts';
import type { Randomness } from '../../../randomness.ts';
import type { SourceClock } from './sourceClock.ts';
import { type Delivery, type Rule, TableCopy } from './tableCopy.ts';

/** What a history is about. */
export interface Story {
  readonly rule: Rule;
  /** `timestamptz` and `timestamp` are set by writers from their clock, `bigint` from a sequence. */
  readonly cursor: 'timestamptz' | 'timestamp' | 'bigint';
  readonly timeZone: string;
  readonly startsAt: string;
  /** How far one step moves the clock at most. */
  readonly stepSeconds: number;
  readonly lagSeconds: number;
  readonly overlapSeconds: number;
}

export type Fault = 'exclusive lower bound' | 'null cursors skipped' | 'tie split';

/** A position that was kept, and what was delivered on the way to it. */
interface Step extends Delivery {
  readonly checkpoint: SqlCheckpoint;
}

interface Writer {
  readonly client: pg.Client;
  /** The clock when it began. */
  readonly since: number;
}

/**
 * One table, its writers, and a reader that is stopped at random: rows are inserted (twins among them), changed, lose
 * and gain their cursor value; transactions stay open for as long as the lag and the overlap allow, so that rows are
 * committed with a cursor value from long ago; reads have batches of any size, die, and go on from any checkpoint.
 * In the end everything is committed and read, and the copy is compared with the source.
 */
export class ReadHistory {
  readonly #postgres: PostgresServer;
  readonly #clock: SourceClock;
  readonly #client: pg.Client;
  readonly #random: Randomness;
  readonly #story: Story;
  readonly #fault: Fault | null;
  readonly #copy: TableCopy;
  #open: Writer[] = [];
  #now: number;
  #lastId = 0;
  #checkpoint: SqlCheckpoint | null = null;

  private constructor(
    postgres: PostgresServer,
    clock: SourceClock,
    client: pg.Client,
    random: Randomness,
    story: Story,
    fault: Fault | null,
  ) {
    this.#postgres = postgres;
    this.#clock = clock;
    this.#client = client;
    this.#random = random;
    this.#story = story;
    this.#fault = fault;
    this.#now = Date.parse(story.startsAt) / 1000;
    this.#copy = new TableCopy(story.rule, 'at', story.cursor === 'bigint' ? 'number' : 'time');
  }

  /** Differences between copy and source, in words; empty where there are none. */
  static async play(
    postgres: PostgresServer,
    clock: SourceClock,
    random: Randomness,
    story: Story,
    steps: number,
    fault: Fault | null = null,
  ): Promise<readonly string[]> {
    const client = await postgres.connect();
    const history = new ReadHistory(postgres, clock, client, random, story, fault);
    try {
      await history.#begin();
      for (let step = 0; step < steps; step += 1) await history.#step();
      await history.#end();
      return await history.#compare();
    } finally {
      for (const { client } of history.#open) await client.end();
      await client.end();
    }
  }

  async #begin(): Promise<void> {
    const { rule, cursor } = this.#story;
    await this.#client.query(`drop table if exists history; drop sequence if exists numbers;
      create sequence numbers;
      create table history(id int ${rule === 'append' ? '' : 'primary key'}, at ${cursor}, version int);
      create index on history(at)`);
    await this.#tick(0);
  }

  async #step(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 25) await this.#tick(this.#random.below(this.#story.stepSeconds + 1));
    else if (dice < 80) await this.#write();
    else await this.#read(true);
  }

  async #tick(seconds: number): Promise<void> {
    const { lagSeconds, overlapSeconds, rule } = this.#story;
    // Without a key there is no overlap.
    const allowed = lagSeconds + (rule === 'append' ? 0 : overlapSeconds);
    this.#now += seconds;
    for (const writer of [...this.#open])
      if (this.#now - writer.since >= allowed) await this.#commit(writer);
    await this.#clock.set(new Date(this.#now * 1000).toISOString());
  }

  async #write(): Promise<void> {
    const random = this.#random;
    if (this.#open.length < 3 && random.chance(0.2)) {
      const client = await this.#postgres.connect();
      await client.query('begin');
      this.#open.push({ client, since: this.#now });
    }
    if (this.#open.length > 0 && random.chance(0.15)) await this.#commit(random.pick(this.#open));
    const client =
      this.#open.length > 0 && random.chance(0.5) ? random.pick(this.#open).client : this.#client;
    if (this.#lastId > 0 && random.chance(0.4)) await this.#change(client);
    else await this.#insert(client);
  }

  async #insert(client: pg.Client): Promise<void> {
    const count = 1 + this.#random.below(4);
    const first = this.#lastId + 1;
    // Without a key, rows may be exactly alike.
    const step = this.#story.rule === 'append' && this.#random.chance(0.3) ? 0 : 1;
    this.#lastId += count;
    const at = this.#random.chance(0.15) ? 'null' : this.#cursorNow();
    await client.query(
      `insert into history select ${first} + i * ${step}, ${at}, 0 from generate_series(0, ${count - 1}) i`,
    );
  }

  /**
   * Without a key only rows that have no cursor value yet can change: others would be new ones to any reader. Where
   * versions are told apart by their cursor, it grows.
   */
  async #change(client: pg.Client): Promise<void> {
    const { rule } = this.#story;
    const loses = rule === 'upsert' && this.#random.chance(0.15);
    const id = 1 + this.#random.below(this.#lastId);
    const at = loses ? 'null' : this.#cursorNow();
    const among = {
      upsert: 'true',
      appendOnce: `(at is null or at < ${at})`,
      append: 'at is null',
    }[rule];
    // Another transaction may hold the row.
    await client.query(
      `update history set at = ${at}, version = version + 1
       where ctid = any(array(select ctid from history where id = ${id} and ${among} for update skip locked))`,
    );
  }

  /** Whole seconds, or as often as not the number that was drawn last: so that many rows tie. */
  #cursorNow(): string {
    const { cursor, timeZone } = this.#story;
    if (cursor === 'bigint')
      return this.#random.chance(0.5)
        ? `(select nextval('numbers'))`
        : '(select last_value from numbers)';
    const instant = `timestamptz '${new Date(this.#now * 1000).toISOString()}'`;
    return cursor === 'timestamptz' ? instant : `(${instant} at time zone '${timeZone}')`;
  }

  async #commit(writer: Writer): Promise<void> {
    this.#open = this.#open.filter((other) => other !== writer);
    await writer.client.query('commit');
    await writer.client.end();
  }

  /** One invocation: stopped after some checkpoint, or dead, and then nothing of it was kept. */
  async #read(mayStop: boolean): Promise<void> {
    const random = this.#random;
    const { rule, lagSeconds, overlapSeconds, timeZone } = this.#story;
    const connector = makePostgres({
      ...{ rows: 1 + random.below(6), bytes: 2 ** 20, seconds: 3_600 },
      unorderedBytes: random.chance(0.5) ? 0 : 2 ** 20,
    });
    const context = postgresContext(this.#postgres, {
      config: { lagSeconds, overlapSeconds, timeZone },
      credentials: this.#clock.credentials,
      // While a read waits for writers, they finish.
      context: {
        sleep: async () => {
          const [writer] = this.#open;
          if (writer !== undefined) await this.#commit(writer);
        },
      },
    });
    const request = requestOf('public.history', {
      mode: 'incremental',
      cursorField: 'at',
      primaryKey: rule === 'append' ? [] : ['id'],
    });
    const stops = mayStop && random.chance(0.6);
    const stopAfter = stops ? 1 + random.below(4) : Number.POSITIVE_INFINITY;
    const dies = stops && random.chance(0.3);
    const kept: Delivery[] = [];
    let last = this.#checkpoint;
    let checkpoints = 0;
    using _ = rewriteStatements(this.#fault);
    for await (const batch of connector.read(context, request, this.#checkpoint)) {
      const rows = await readBatch(batch, null);
      const { checkpoint } = batch;
      const reached = typeof checkpoint === 'function' ? checkpoint() : checkpoint;
      if (reached === undefined) throw new Error('a batch of a table has a checkpoint');
      const whole = {
        rows,
        checkpoint: reached,
        replacesNullCursor: batch.replacesNullCursor === true,
      };
      for (const step of this.#fault === 'tie split' ? split(whole, random) : [whole]) {
        kept.push(step);
        last = sqlCheckpoint.parse(JSON.parse(JSON.stringify(step.checkpoint)));
        checkpoints += 1;
        if (checkpoints >= stopAfter) break;
      }
      if (checkpoints >= stopAfter) break;
      if (mayStop && random.chance(0.2)) await this.#write();
    }
    if (dies) return;
    this.#copy.commit(kept);
    this.#checkpoint = last;
  }

  async #end(): Promise<void> {
    for (const writer of [...this.#open]) await this.#commit(writer);
    // Past any hour that comes twice. A last number lets those before it be read.
    await this.#tick(3 * 3_600);
    if (this.#story.cursor === 'bigint' && this.#story.rule === 'append')
      await this.#client.query(`insert into history select -1, nextval('numbers'), 0`);
    // The first completes what was stopped.
    for (let read = 0; read < 2; read += 1) await this.#read(false);
  }

  async #compare(): Promise<readonly string[]> {
    const { rule, cursor } = this.#story;
    const { rows } = await this.#client.query<{ text: string }>(
      `select id || ' ' || version as text from history where id >= 0`,
    );
    const source = tally(rows.map(({ text }) => text));
    const copy = tally(
      this.#copy.rows
        .filter((row) => Number(row['id']) >= 0)
        .map((row) => `${row['id']} ${row['version']}`),
    );
    const problems: string[] = [];
    for (const [text, count] of source) {
      const there = copy.get(text) ?? 0;
      if (there !== count) problems.push(`${text}: ${there} instead of ${count}, by ${cursor}`);
    }
    // Earlier versions stay where rows are only added.
    if (rule !== 'appendOnce')
      for (const [text] of copy) if (!source.has(text)) problems.push(`${text}: not in the source`);
    if (rule === 'appendOnce')
      for (const [text, count] of copy) if (count > 1) problems.push(`${text}: ${count} times`);
    return problems;
  }
}

function tally(texts: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** A reader that takes any row for the last one of its cursor value. */
function split(whole: Step, random: Randomness): readonly Step[] {
  const { rows, checkpoint } = whole;
  const { at } = checkpoint;
  const cuts = rows.flatMap((row, index) =>
    index > 0 && row['at'] === rows[index - 1]?.['at'] ? [index] : [],
  );
  if (cuts.length === 0 || at?.part !== 'rows') return [whole];
  const cut = random.pick(cuts);
  const after = [String((rows[cut - 1] as Row)['at'])];
  return [
    {
      ...whole,
      rows: rows.slice(0, cut),
      checkpoint: { ...checkpoint, at: { ...at, order: ['at'], after } },
    },
    { ...whole, rows: rows.slice(cut) },
  ];
}

/** Breaks the statements that read rows, until it is disposed of. */
function rewriteStatements(fault: Fault | null): Disposable {
  const rewrite =
    fault === 'exclusive lower bound'
      ? (sql: string) => sql.replaceAll('"at" >= ', '"at" > ')
      : fault === 'null cursors skipped'
        ? (sql: string) => sql.replaceAll('"at" is null', 'false')
        : null;
  const { prototype } = (
    pg as unknown as { Connection: { prototype: { query(sql: string): void } } }
  ).Connection;
  const { query } = prototype;
  if (rewrite !== null)
    prototype.query = function rewritten(sql: string): void {
      query.call(this, /^copy /i.test(sql) ? rewrite(sql) : sql);
    };
  return {
    [Symbol.dispose]: () => {
      prototype.query = query;
    },
  };
}

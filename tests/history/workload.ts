import type { Randomness } from '../randomness.ts';
import { type Item, type SourceDatabase, textOf, type Writer } from './sourceDatabase.ts';

export interface Rules {
  /** Rows have a key: they are changed and deleted, and never twice there. */
  readonly keyed: boolean;
  /** A changed row's cursor always grows: who appends cannot tell two versions of one cursor value apart. */
  readonly growing: boolean;
  /** No writer's clock is behind, and no transaction stays open: then a read needs no lag. */
  readonly prompt?: true;
  /** Every row has a time. */
  readonly dated?: true;
}

/** How far behind a writer's clock may be, and how long its transaction may stay open: together less than the lag. */
export const skewSeconds = 10;
export const openSeconds = 30;
export const lagSeconds = 60;

interface OpenTransaction {
  readonly writer: Writer & { commit(): Promise<void> };
  readonly since: number;
  readonly ids: Set<string>;
  readonly changes: (() => void)[];
}

/** Everybody who writes the source, and the record of every version of every row that was ever committed. */
export class Workload {
  /** Text of every committed version. */
  readonly versions = new Set<string>();
  readonly #current = new Map<string, Item>();
  #open: OpenTransaction[] = [];
  #lastId = 0;
  #lastN = 0;
  readonly #database: SourceDatabase;
  readonly #random: Randomness;
  readonly #rules: Rules;
  readonly #now: () => number;

  constructor(database: SourceDatabase, random: Randomness, rules: Rules, now: () => number) {
    this.#database = database;
    this.#random = random;
    this.#rules = rules;
    this.#now = now;
  }

  /** Some writer does something. */
  async write(): Promise<void> {
    const dice = this.#rules.prompt === true ? 100 : this.#random.below(100);
    if (dice < 6) await this.#begin();
    else if (dice < 10 && this.#open.length > 0) await this.#close(this.#random.pick(this.#open));
    else if (dice < 22 && this.#open.length > 0) await this.#writeIn(this.#random.pick(this.#open));
    else await this.#writeIn(null);
  }

  /** Nobody writes any more. */
  async finish(): Promise<void> {
    for (const transaction of [...this.#open]) await this.#close(transaction);
  }

  async #begin(): Promise<void> {
    if (this.#open.length >= 3) return;
    const writer = await this.#database.begin();
    const transaction = { writer, since: this.#now(), ids: new Set<string>(), changes: [] };
    this.#open.push(transaction);
    await this.#writeIn(transaction);
  }

  /** Before the clock goes on to `time`: no transaction stays open for longer than `openSeconds`. */
  async closeUntil(time: number): Promise<void> {
    for (const transaction of [...this.#open])
      if (time - transaction.since > openSeconds * 1000) await this.#close(transaction);
  }

  async #close(transaction: OpenTransaction): Promise<void> {
    await transaction.writer.commit();
    for (const change of transaction.changes) change();
    this.#open = this.#open.filter((other) => other !== transaction);
  }

  async #writeIn(transaction: OpenTransaction | null): Promise<void> {
    const writer = transaction?.writer ?? this.#database.writer;
    const busy = new Set(this.#open.flatMap(({ ids }) => [...ids]));
    const candidates = [...this.#current.values()].filter(({ id }) => !busy.has(id));
    const dice = this.#rules.keyed && candidates.length > 0 ? this.#random.below(100) : 0;
    if (dice < 55) {
      const items = Array.from({ length: 1 + this.#random.below(4) }, () => this.#newItem());
      if (!this.#rules.keyed && this.#random.chance(0.2)) items.push(items[0] as Item);
      await writer.insert(items);
      this.#note(transaction, items, null);
    } else if (dice < 88) {
      // A writer whose clock has not moved since the last version waits.
      const second = BigInt(Math.floor(this.#now() / 1000)) * 1_000_000n;
      const ready =
        this.#rules.prompt === true
          ? candidates.filter(({ at }) => at === null || BigInt(at) < second)
          : candidates;
      if (ready.length === 0) return;
      const item = this.#changed(this.#random.pick(ready));
      await writer.update(item);
      this.#note(transaction, [item], null);
    } else {
      const { id } = this.#random.pick(candidates);
      await writer.remove(id);
      this.#note(transaction, [], id);
    }
  }

  /** Remembers what happened: now, or when the transaction commits. */
  #note(transaction: OpenTransaction | null, items: readonly Item[], removed: string | null): void {
    const change = (): void => {
      for (const item of items) {
        this.versions.add(textOf(item));
        this.#current.set(item.id, item);
      }
      if (removed !== null) this.#current.delete(removed);
    };
    if (transaction === null) {
      change();
      return;
    }
    transaction.changes.push(change);
    for (const { id } of items) transaction.ids.add(id);
    if (removed !== null) transaction.ids.add(removed);
  }

  #newItem(): Item {
    this.#lastId += 1;
    return { id: String(this.#lastId), at: this.#time(), ...this.#values() };
  }

  #changed(item: Item): Item {
    const at = this.#time();
    const before = item.at === null ? null : BigInt(item.at);
    if (at === null)
      return this.#rules.growing
        ? {
            ...item,
            ...this.#values(),
            at: item.at === null ? this.#later(null) : this.#later(before),
          }
        : { ...item, ...this.#values(), at };
    const grows =
      before === null || BigInt(at) > before || (!this.#rules.growing && BigInt(at) === before);
    return { ...item, ...this.#values(), at: grows ? at : this.#later(before) };
  }

  /** A writer's clock in whole seconds, so that many rows tie; some writers write none. */
  #time(): string | null {
    if (this.#rules.dated !== true && this.#random.chance(0.1)) return null;
    const skew =
      this.#rules.prompt !== true && this.#random.chance(0.3)
        ? this.#random.below(skewSeconds * 1000)
        : 0;
    return String(BigInt(Math.floor((this.#now() - skew) / 1000)) * 1_000_000n);
  }

  /** The next moment after a version's, which its writer has to wait for. */
  #later(before: bigint | null): string {
    const now = BigInt(Math.floor(this.#now() / 1000)) * 1_000_000n;
    return String(before !== null && before >= now ? before + 1n : now);
  }

  #values(): Pick<Item, 'n' | 'word' | 'amount'> {
    const random = this.#random;
    this.#lastN += 1;
    return {
      n: String(this.#lastN),
      word: random.chance(0.1)
        ? null
        : random.pick([
            '',
            'plain',
            'a,b',
            '"quoted"',
            'two\nlines',
            '\\N',
            'ünï',
            ' padded ',
            'NULL',
          ]),
      amount: random.chance(0.1) ? null : (random.below(2_000_000) / 1000 - 1000).toFixed(3),
    };
  }
}

import type { ColumnType, Field } from '../lake/schema.ts';
import { isSystemColumn } from '../lake/systemColumn.ts';
import type { RuleBook } from './ruleBook.ts';
import { longestSample, mostDriftColumns, mostSamples, type SchemaDrift } from './schemaDrift.ts';

interface KeptOut {
  readonly type: ColumnType | null;
  discarded: number | null;
}

/**
 * Gathers how the batches of one load differ from the table that the load found. Holds no value but a few short
 * samples, and none of a column that is masked.
 */
export class DriftLog {
  readonly #base: readonly Field[];
  readonly #book: RuleBook;
  readonly #delivered = new Set<string>();
  #batches = 0;
  #isComplete = true;
  readonly #unknown = new Map<string, KeptOut>();
  readonly #misfits = new Map<string, KeptOut>();
  readonly #samples = new Map<string, string[]>();

  /** `base`: the table's schema before the load; without user columns there is nothing to differ from. */
  constructor(base: readonly Field[], book: RuleBook) {
    this.#base = base.filter(({ name }) => !isSystemColumn(name));
    this.#book = book;
  }

  /** The table's fields that a batch delivers. `isComplete`: a column that is not among them is not there at all. */
  deliver(fields: Iterable<Field>, isComplete: boolean): void {
    this.#batches++;
    if (!isComplete) this.#isComplete = false;
    for (const { name } of fields) this.#delivered.add(name);
  }

  /** A column the table has not, which the contract keeps out. */
  keepOut(source: string, type: ColumnType | null, discarded: number | null): void {
    add(this.#unknown, source, type, discarded);
  }

  /** Values that a column of the table has no place for, which the contract keeps out. */
  misfit(name: string, type: ColumnType | null, discarded: number | null): void {
    add(this.#misfits, name, type, discarded);
  }

  /** How many more samples of a column are worth having; 0 for one that is masked. */
  wants(name: string, source: string): number {
    if (this.#base.length === 0 || this.#book.of(source).mask !== null) return 0;
    return mostSamples - (this.#samples.get(name)?.length ?? 0);
  }

  sample(name: string, value: string): void {
    const known = this.#samples.get(name) ?? [];
    this.#samples.set(name, known);
    const short =
      value.length > longestSample ? `${[...value].slice(0, longestSample).join('')}…` : value;
    if (known.length < mostSamples && !known.includes(short)) known.push(short);
  }

  /** Columns of the table as it was, by name. */
  baseField(name: string): Field | null {
    return this.#base.find((field) => field.name === name) ?? null;
  }

  get isFirstLoad(): boolean {
    return this.#base.length === 0;
  }

  /** null: nothing differs. `retyped`: field ids that went, and the fields that took their places. */
  result(schema: readonly Field[], retyped: ReadonlyMap<number, Field>): SchemaDrift | null {
    if (this.isFirstLoad || this.#batches === 0) return null;
    const byId = new Map(schema.map((field) => [field.id, field]));
    const now = this.#base.map((field) => ({
      field,
      after: retyped.get(field.id) ?? byId.get(field.id) ?? field,
    }));
    const kept = new Set(now.map(({ after }) => after.id));
    const added: SchemaDrift['added'] = [
      ...schema
        .filter(({ id, name }) => !kept.has(id) && !isSystemColumn(name))
        .map((field) => ({
          ...namesOf(field),
          type: field.type,
          samples: this.#samplesOf(field.name),
          isStored: true,
          discarded: 0,
        })),
      ...[...this.#unknown].map(([name, { type, discarded }]) => ({
        name,
        type,
        samples: this.#samplesOf(name),
        isStored: false,
        discarded,
      })),
    ];
    const changed: SchemaDrift['changed'] = [
      ...now
        .filter(({ field, after }) => after.type !== field.type)
        .map(({ field, after }) => ({
          ...namesOf(after),
          from: field.type,
          to: after.type,
          samples: this.#samplesOf(after.name),
          isStored: true,
          discarded: 0,
        })),
      ...[...this.#misfits].flatMap(([name, { type, discarded }]) => {
        const field = now.find(({ after }) => after.name === name)?.after;
        if (field === undefined) return [];
        const samples = this.#samplesOf(name);
        return {
          ...namesOf(field),
          from: field.type,
          to: type,
          samples,
          isStored: false,
          discarded,
        };
      }),
    ];
    const removed: SchemaDrift['removed'] = now
      .filter(({ field, after }) => this.#isGone(field) && this.#isGone(after))
      .map(({ after }) => ({ ...namesOf(after), type: after.type }));
    if (added.length + changed.length + removed.length === 0) return null;
    const all = [added, removed, changed];
    return {
      added: added.slice(0, mostDriftColumns),
      removed: removed.slice(0, mostDriftColumns),
      changed: changed.slice(0, mostDriftColumns),
      more: all.reduce((sum, { length }) => sum + Math.max(0, length - mostDriftColumns), 0),
    };
  }

  /** A column that nobody asked for is not gone. */
  #isGone({ name, doc }: Field): boolean {
    return this.#isComplete && !this.#delivered.has(name) && this.#book.of(doc ?? name).isTaken;
  }

  #samplesOf(name: string): string[] {
    return [...(this.#samples.get(name) ?? [])];
  }
}

const namesOf = ({ name, doc }: Field): { name: string; source?: string } => ({
  name,
  ...(doc === undefined ? {} : { source: doc }),
});

function add(
  kept: Map<string, KeptOut>,
  name: string,
  type: ColumnType | null,
  discarded: number | null,
): void {
  const known = kept.get(name);
  kept.set(name, {
    type: type ?? known?.type ?? null,
    discarded:
      known === undefined
        ? discarded
        : known.discarded === null || discarded === null
          ? null
          : known.discarded + discarded,
  });
}

import type { SourceRecord } from '../connectors/connector.ts';
import { type ColumnEvidence, noEvidence } from '../formats/columnEvidence.ts';
import { weigh } from '../formats/json/jsonColumns.ts';
import type { JsonMember } from '../formats/json/parseRecord.ts';
import { mostColumns } from '../formats/mostColumns.ts';
import type { Json } from '../json.ts';
import type { Column } from '../lake/schema.ts';
import { KnownShapes } from '../schema/knownShapes.ts';
import { readingOf } from './columnPlan.ts';
import type { LoaderState } from './loaderState.ts';

/**
 * Columns that records bring besides those their source declared: they become columns of the table too, with the
 * type of every value seen so far. Beyond as many columns as a table may have, keys are data and no columns.
 */
export class UndeclaredColumns {
  readonly #state: Pick<LoaderState, 'schema' | 'book' | 'options'>;
  readonly #evidence = new Map<string, ColumnEvidence>();
  #declared: readonly Column[] = [];
  #names: ReadonlySet<string> = new Set();
  #shapes = new KnownShapes(this.#names);

  constructor(state: Pick<LoaderState, 'schema' | 'book' | 'options'>) {
    this.#state = state;
  }

  /**
   * The declared columns, and behind them the others that records had so far. `onlyDeclared`: these records have no
   * other fields.
   */
  with(
    declared: readonly Column[],
    records: readonly SourceRecord[],
  ): { readonly columns: readonly Column[]; readonly onlyDeclared: boolean } {
    if (declared !== this.#declared) {
      this.#declared = declared;
      this.#names = new Set(declared.map(({ name }) => name));
      this.#shapes = new KnownShapes(this.#names);
    }
    const { contract } = this.#state.book.rules;
    if (contract === 'discard_row' || contract === 'discard_value')
      return { columns: declared, onlyDeclared: false };
    let onlyDeclared = true;
    for (const record of records) {
      if (this.#shapes.covers(record)) continue;
      onlyDeclared = false;
      this.#look(record);
    }
    if (this.#evidence.size === 0) return { columns: declared, onlyDeclared };
    const names = [...this.#evidence.keys()].filter((name) => !this.#names.has(name));
    const existing = this.#state.schema.match(names);
    const others = names.map((name, index) => ({
      name,
      type: readingOf(this.#evidence.get(name) as ColumnEvidence, existing[index]?.type ?? null)
        .type,
    }));
    return { columns: [...declared, ...others], onlyDeclared };
  }

  #look(record: SourceRecord): void {
    for (const name of Object.keys(record)) {
      if (this.#names.has(name)) continue;
      const value = record[name];
      if (value === null || value === undefined || this.#isMark(name)) continue;
      let evidence = this.#evidence.get(name);
      if (evidence === undefined) {
        if (this.#names.size + this.#evidence.size >= mostColumns) continue;
        if (!this.#state.book.of(name).isTaken) continue;
        evidence = noEvidence();
        this.#evidence.set(name, evidence);
      }
      weigh(evidence, memberOf(value));
    }
  }

  #isMark(name: string): boolean {
    return name === '_deleted' && this.#state.options.systemColumns.includes('_deleted');
  }
}

/** A value as JSON spells it. */
function memberOf(value: Json): Omit<JsonMember, 'key'> {
  switch (typeof value) {
    case 'string':
      return { kind: 'string', text: value };
    case 'number':
      return { kind: 'number', text: String(value) };
    case 'boolean':
      return { kind: 'boolean', text: String(value) };
    default:
      return { kind: 'nested', text: JSON.stringify(value) };
  }
}

import { plainColumnName } from '../lake/columnNames.ts';
import type { ColumnType } from '../lake/schema.ts';
import type { ColumnMask } from '../sources/sourceItem.ts';
import type { ColumnRules } from './columnRules.ts';

/** What is decided about one column. */
export interface ColumnRule {
  /** False: nothing of it is stored anywhere. */
  readonly isTaken: boolean;
  /** Its name in the table; null: made from the source's. */
  readonly name: string | null;
  /** Its type in the table; null: the source's. */
  readonly type: ColumnType | null;
  /** Such a column is text, whatever it was. */
  readonly mask: Exclude<ColumnMask, 'drop'> | null;
}

export interface RuleBookOptions {
  /** Values of masked columns come masked: they are taken as the texts they are. */
  readonly isMaskedAlready?: boolean;
}

/** A mask on something inside a column's nested values: the names that lead there. */
export interface InnerMask {
  readonly path: readonly string[];
  readonly mask: ColumnMask;
}

/**
 * Answers for each column what is decided about it. A name in the rules means the column of exactly that spelling,
 * else the one whose name in a table would be the same, so that `Order ID` and `order_id` are one; a mask means
 * both, because a value that is masked too much can be loaded again, and one that is not cannot be taken back.
 */
export class RuleBook {
  readonly rules: ColumnRules;
  /** The only columns to take; null: all. */
  readonly include: readonly string[] | null;
  /** Whether there are values that must not be kept as they are. */
  readonly hasMasks: boolean;
  readonly #include: Lookup<true> | null;
  /** As a table would spell them. */
  readonly #includedNames: readonly string[];
  readonly #exclude: Lookup<true>;
  readonly #rename: Lookup<string>;
  readonly #types: Lookup<ColumnType>;
  readonly #masks: Lookup<ColumnMask>;
  readonly #known = new Map<string, ColumnRule>();
  readonly #inner = new Map<string, readonly InnerMask[]>();

  readonly #isMaskedAlready: boolean;

  constructor(
    rules: ColumnRules,
    include: readonly string[] | null,
    { isMaskedAlready = false }: RuleBookOptions = {},
  ) {
    this.rules = rules;
    this.include = include;
    this.#isMaskedAlready = isMaskedAlready;
    this.hasMasks = Object.keys(rules.masks).length > 0;
    this.#includedNames = (include ?? []).map(spelling);
    this.#include = include === null ? null : lookup(include.map((name) => [name, true]));
    this.#exclude = lookup(rules.exclude.map((name) => [name, true]));
    this.#rename = lookup(Object.entries(rules.rename));
    this.#types = lookup(Object.entries(rules.types));
    this.#masks = lookup(Object.entries(rules.masks));
  }

  of(name: string): ColumnRule {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const mask = this.#maskOf(name);
    const rule: ColumnRule = {
      isTaken: mask !== 'drop' && this.#exclude(name) === undefined && this.#includes(name),
      name: this.#rename(name) ?? null,
      ...(mask === null || mask === 'drop'
        ? { type: mask === null ? (this.#types(name) ?? null) : null, mask: null }
        : this.#isMaskedAlready
          ? { type: 'string', mask: null }
          : { type: null, mask }),
    };
    this.#known.set(name, rule);
    return rule;
  }

  /** Whether a nested value may be taken apart: one that is masked or left out is so as a whole. */
  opens(name: string): boolean {
    const { isTaken, mask } = this.of(name);
    if (mask !== null || this.#exclude(name) !== undefined || this.#maskOf(name) === 'drop')
      return false;
    const path = `${spelling(name)}_`;
    return isTaken || this.#includedNames.some((included) => included.startsWith(path));
  }

  /** Masks on what is inside the nested values of a column. */
  inside(name: string): readonly InnerMask[] {
    const known = this.#inner.get(name);
    if (known !== undefined) return known;
    const outer = name.split('.').map(spelling);
    const found = Object.entries(this.rules.masks).flatMap(([key, mask]) => {
      const path = key.split('.').map(spelling);
      const leadsThrough =
        path.length > outer.length && outer.every((part, index) => part === path[index]);
      return leadsThrough ? [{ path: path.slice(outer.length), mask }] : [];
    });
    this.#inner.set(name, found);
    return found;
  }

  /** A member of a nested value is taken with the value. */
  #includes(name: string): boolean {
    if (this.#include === null) return true;
    for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1))
      if (this.#include(name.slice(0, end)) !== undefined) return true;
    return false;
  }

  /** Also by the name a column is given: nobody should have to know which of the two counts. */
  #maskOf(name: string): ColumnMask | null {
    const renamed = this.#rename(name);
    return this.#masks(name) ?? (renamed === undefined ? null : (this.#masks(renamed) ?? null));
  }
}

type Lookup<Value> = (name: string) => Value | undefined;

/** By the exact spelling, else by the name in a table. */
function lookup<Value>(entries: readonly (readonly [string, Value])[]): Lookup<Value> {
  const exact = new Map(entries);
  const plain = new Map(entries.map(([name, value]) => [spelling(name), value]));
  return entries.length === 0
    ? () => undefined
    : (name) => exact.get(name) ?? plain.get(spelling(name));
}

/** Names that a table would spell alike are alike. */
export const spelling = (name: string): string => plainColumnName(name) ?? name;

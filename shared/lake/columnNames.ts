import { type Field, systemColumns } from './schema.ts';
import { isSystemColumn } from './systemColumn.ts';

/** A column's name in the table, and the source's spelling where it differs. */
export interface ColumnName {
  readonly name: string;
  readonly doc?: string;
}

/** Longer names are cut: Glue allows 255 characters, and a suffix must still fit. */
const longestName = 128;

/**
 * Spark refuses to read tables that have columns named like Iceberg's metadata columns; `__proto__` is no name for
 * a key of a JavaScript object.
 */
const reserved: ReadonlySet<string> = new Set([
  ...Object.keys(systemColumns),
  '_file',
  '_pos',
  '_spec_id',
  '_partition',
  '__proto__',
]);

/**
 * Names for the columns of a new table, in order: lower case `[a-z0-9_]`, accents dropped, everything else `_`;
 * `_` before a leading digit; `column_<position>` where nothing is left. A name that is taken, or reserved for
 * Headgate's own columns, gets the suffix `_2`, `_3`, …
 */
export const normalizeColumnNames = (names: readonly string[]): readonly ColumnName[] =>
  matchColumnNames(names, []).map(({ name, doc }) => ({
    name,
    ...(doc === undefined ? {} : { doc }),
  }));

export interface MatchedColumn extends ColumnName {
  /** The table's field this column is, or null for a new column. `name` differs from its name for a renamed one. */
  readonly field: Field | null;
}

/**
 * Finds for each of a source's columns the table's field, or a name for a new one. The source's exact spelling
 * decides first, so that suffixes stay with their columns whatever the order; then the normalised name, so that
 * `Order ID` and `order_id` of two files are one column. `renamed` answers the name that a person wants for a
 * column, or null; where another column of the table has that name, a column of the table keeps its own.
 */
export function matchColumnNames(
  names: readonly string[],
  fields: readonly Field[],
  renamed: (original: string) => string | null = () => null,
): readonly MatchedColumn[] {
  const users = fields.filter(({ name }) => !isSystemColumn(name));
  const byOriginal = Map.groupBy(users, ({ name, doc }) => doc ?? name);
  const byName = new Map(users.map((field) => [field.name, field]));
  const matched = new Map<number, Field>();
  const used = new Set<Field>();
  names.forEach((original, position) => {
    const field = byOriginal.get(original)?.find((candidate) => !used.has(candidate));
    if (field === undefined) return;
    matched.set(position, field);
    used.add(field);
  });
  const taken = new Set([...reserved, ...fields.map(({ name }) => name)]);
  return names.map((original, position) => {
    const wanted = renamed(original);
    const base = normalize(wanted ?? original, position);
    let field = matched.get(position);
    if (field === undefined) {
      const candidates = [normalize(original, position), base].map((name) => byName.get(name));
      field = candidates.find((candidate) => candidate !== undefined && !used.has(candidate));
      if (field !== undefined) used.add(field);
    }
    if (field !== undefined) {
      const { name, doc } = field;
      if (wanted === null || base === name || taken.has(base))
        return { name, field, ...(doc === undefined ? {} : { doc }) };
      taken.add(base);
      return { name: base, field, ...(base === original ? {} : { doc: original }) };
    }
    let name = base;
    for (let suffix = 2; taken.has(name); suffix++) name = `${base}_${suffix}`;
    taken.add(name);
    return { name, field: null, ...(name === original ? {} : { doc: original }) };
  });
}

/** A name as tables spell it; null for one that has neither a letter nor a digit in it. */
export function plainColumnName(original: string): string | null {
  const plain = original
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, ' ')
    .trim()
    .replaceAll(' ', '_')
    .slice(0, longestName);
  if (!/[a-z0-9]/.test(plain)) return null;
  return /^\d/.test(plain) ? `_${plain}` : plain;
}

const normalize = (original: string, position: number): string =>
  plainColumnName(original) ?? `column_${position + 1}`;

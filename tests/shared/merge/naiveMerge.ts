import type { MergeRule } from '../../../shared/merge/merge.ts';

/** A row as the model has it: values are ranks in their pool, -1 for null. */
export interface ModelRow {
  readonly id: string;
  readonly key: readonly number[];
  readonly cursor: number;
  readonly deleted: boolean;
}

export interface ModelMerged {
  readonly rows: readonly ModelRow[];
  readonly deduplicated: number;
  readonly superseded: number;
  /** Keys of the tombstones written. */
  readonly tombstones: readonly (readonly number[])[];
}

const keyOf = ({ key }: ModelRow): string => key.join('|');
const newest = (left: number, right: number): number =>
  (left < 0 ? Infinity : left) - (right < 0 ? Infinity : right);

/** The contract in the plainest words there are, on arrays. `window` are ranks: `[from, to)`. */
export function naiveMerge(
  rule: MergeRule,
  table: readonly ModelRow[],
  adds: readonly ModelRow[],
  window: readonly [number | null, number | null] | null = null,
): ModelMerged {
  switch (rule.kind) {
    case 'upsert':
      return upsert(rule, table, adds);
    case 'appendOnce': {
      const same = (row: ModelRow): string =>
        rule.cursor === null ? keyOf(row) : `${keyOf(row)}@${row.cursor}`;
      const seen = new Set(table.map(same));
      const stay = adds.filter((row) => {
        const isNew = !seen.has(same(row));
        seen.add(same(row));
        return isNew;
      });
      return result([...table, ...stay], adds.length - stay.length, 0);
    }
    case 'replaceWindow': {
      const [from, to] = window ?? [null, null];
      const goes = ({ cursor }: ModelRow): boolean =>
        cursor < 0
          ? rule.nulls
          : window !== null && (from === null || cursor >= from) && (to === null || cursor < to);
      const stay = table.filter((row) => !goes(row));
      return result([...stay, ...adds], 0, table.length - stay.length);
    }
    case 'keepOnly': {
      const keys = new Set(adds.map(keyOf));
      const goes = (row: ModelRow): boolean =>
        !keys.has(keyOf(row)) && !(rule.onDelete === 'tombstone' && row.deleted);
      const gone = table.filter(goes);
      const stay = table.filter((row) => !goes(row));
      const buried =
        rule.onDelete === 'tombstone'
          ? [...new Map(gone.map((row) => [keyOf(row), row.key])).values()]
          : [];
      return { ...result(stay, 0, gone.length), tombstones: buried };
    }
  }
}

const result = (
  rows: readonly ModelRow[],
  deduplicated: number,
  superseded: number,
): ModelMerged => ({ rows, deduplicated, superseded, tombstones: [] });

function upsert(
  rule: Extract<MergeRule, { kind: 'upsert' }>,
  table: readonly ModelRow[],
  adds: readonly ModelRow[],
): ModelMerged {
  const byCursor = rule.cursor !== null;
  const best = new Map<string, ModelRow>();
  for (const row of adds) {
    const before = best.get(keyOf(row));
    if (before === undefined || !byCursor || !(newest(row.cursor, before.cursor) < 0))
      best.set(keyOf(row), row);
  }
  let rows = [...table];
  let written = 0;
  for (const row of best.values()) {
    const same = rows.filter((other) => keyOf(other) === keyOf(row));
    const newer =
      byCursor && row.cursor >= 0 ? same.filter(({ cursor }) => cursor > row.cursor) : [];
    const most = Math.max(...newer.map(({ cursor }) => cursor));
    const kept = newer.findLast(({ cursor }) => cursor === most);
    rows = rows.filter((other) => other === kept || !same.includes(other));
    if (kept === undefined && !(row.deleted && rule.onDelete === 'remove')) {
      written++;
      rows.push(row);
    }
  }
  const superseded = table.length + written - rows.length;
  return result(rows, adds.length - written, superseded);
}

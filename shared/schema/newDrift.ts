import type { KnownDrift } from './driftItem.ts';
import { mostSamples, type SchemaDrift } from './schemaDrift.ts';

/** Names remembered of each kind: of more, some are told again. */
const mostKnown = 500;

export const nothingKnown: KnownDrift = { v: 1, added: [], removed: [], changed: {} };

/**
 * What of a load's drift is news, and what is known afterwards. A column that is back is forgotten, so that it can
 * be told again when it goes again; but not where rows come from files (`isFiles`), which differ one by one.
 */
export function newDrift(
  drift: SchemaDrift | null,
  known: KnownDrift,
  isFiles: boolean,
): { readonly news: SchemaDrift | null; readonly known: KnownDrift } {
  const now = drift ?? { added: [], removed: [], changed: [], more: 0 };
  const kept = now.changed.filter(({ isStored }) => !isStored);
  const news: SchemaDrift = {
    added: now.added.filter(({ name, isStored }) => isStored || !known.added.includes(name)),
    removed: now.removed.filter(({ name }) => !known.removed.includes(name)),
    changed: now.changed.filter(
      ({ name, isStored, to }) =>
        isStored || !Object.hasOwn(known.changed, name) || known.changed[name] !== to,
    ),
    more: now.more,
  };
  const outside = now.added.filter(({ isStored }) => !isStored).map(({ name }) => name);
  const gone = now.removed.map(({ name }) => name);
  const changed = Object.fromEntries(kept.map(({ name, to }) => [name, to]));
  const earlier = isFiles ? known : nothingKnown;
  return {
    news: news.added.length + news.removed.length + news.changed.length === 0 ? null : news,
    known: {
      v: 1,
      added: union(earlier.added, outside),
      removed: union(earlier.removed, gone),
      changed: Object.fromEntries(
        Object.entries({ ...earlier.changed, ...changed }).slice(-mostKnown),
      ),
    },
  };
}

const union = (one: readonly string[], other: readonly string[]): string[] =>
  [...new Set([...one, ...other])].slice(-mostKnown);

/**
 * The drift of one commit whose rows several loaders read: units of a fan-out, or parts of a refresh. A column is
 * gone when it is gone for all of them.
 */
export function mergeDrifts(drifts: readonly (SchemaDrift | null)[]): SchemaDrift | null {
  const all = drifts.filter((drift) => drift !== null);
  const [first] = all;
  if (first === undefined || drifts.length === 1) return first ?? null;
  const merged: SchemaDrift = {
    added: merge(all.map(({ added }) => added)),
    changed: merge(all.map(({ changed }) => changed)),
    removed: first.removed.filter(({ name }) =>
      drifts.every((drift) => drift?.removed.some((each) => each.name === name)),
    ),
    more: Math.max(...all.map(({ more }) => more)),
  };
  return merged.added.length + merged.changed.length + merged.removed.length === 0 ? null : merged;
}

interface Seen {
  readonly name: string;
  readonly samples: string[];
  readonly discarded: number | null;
}

/** The later says what the column became; samples and counts are those of all. */
function merge<Column extends Seen>(lists: readonly (readonly Column[])[]): Column[] {
  const byName = new Map<string, Column>();
  for (const column of lists.flat()) {
    const earlier = byName.get(column.name);
    byName.set(
      column.name,
      earlier === undefined
        ? column
        : {
            ...column,
            samples: [...new Set([...earlier.samples, ...column.samples])].slice(0, mostSamples),
            discarded:
              earlier.discarded === null || column.discarded === null
                ? null
                : earlier.discarded + column.discarded,
          },
    );
  }
  return [...byName.values()];
}

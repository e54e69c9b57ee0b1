import type { Field } from '../lake/schema.ts';
import { isSystemColumn } from '../lake/systemColumn.ts';
import { mostDriftColumns, mostSamples, type SchemaDrift } from '../schema/schemaDrift.ts';
import type { UnitLoad } from './unitPart.ts';

type Added = SchemaDrift['added'][number];
type Changed = SchemaDrift['changed'][number];
type Removed = SchemaDrift['removed'][number];

/**
 * How all that units read differs from the table: what is new or has another type by the schema they came to, with
 * the samples they took; a column is gone where it was gone for all of them.
 */
export function mergeDrift(
  before: readonly Field[],
  after: readonly Field[],
  loads: readonly UnitLoad[],
): SchemaDrift | null {
  const read = loads.filter(({ counts }) => counts.read > 0);
  if (before.length === 0 || read.length === 0) return null;
  const drifts = read.map(({ drift }) => drift);
  const samplesOf = (name: string): string[] =>
    [
      ...new Set(
        drifts.flatMap((drift) =>
          [...(drift?.added ?? []), ...(drift?.changed ?? [])].flatMap((column) =>
            column.name === name ? column.samples : [],
          ),
        ),
      ),
    ].slice(0, mostSamples);
  const stored = { isStored: true, discarded: 0 } as const;
  const namesOf = ({ name, doc }: Field): { name: string; source?: string } => ({
    name,
    ...(doc === undefined ? {} : { source: doc }),
  });
  const old = new Map(before.map((field) => [field.name, field]));
  const user = after.filter(({ name }) => !isSystemColumn(name));
  const added: Added[] = [
    ...user
      .filter(({ name }) => !old.has(name))
      .map((field) => ({
        ...namesOf(field),
        type: field.type,
        samples: samplesOf(field.name),
        ...stored,
      })),
    ...keptOut(drifts.flatMap((drift) => drift?.added ?? [])),
  ];
  const changed: Changed[] = [
    ...user.flatMap((field) => {
      const was = old.get(field.name);
      if (was === undefined || was.type === field.type) return [];
      const samples = samplesOf(field.name);
      return [{ ...namesOf(field), from: was.type, to: field.type, samples, ...stored }];
    }),
    ...keptOut(drifts.flatMap((drift) => drift?.changed ?? [])),
  ];
  const removed: Removed[] = (drifts[0]?.removed ?? []).filter(({ name }) =>
    drifts.every((drift) => drift?.removed.some((column) => column.name === name) === true),
  );
  if (added.length + changed.length + removed.length === 0) return null;
  const all = [added, removed, changed];
  return {
    added: added.slice(0, mostDriftColumns),
    removed: removed.slice(0, mostDriftColumns),
    changed: changed.slice(0, mostDriftColumns),
    more: all.reduce((sum, { length }) => sum + Math.max(0, length - mostDriftColumns), 0),
  };
}

/** What a contract kept out, once for each column, with all that was left out of it. */
function keptOut<Column extends Added | Changed>(columns: readonly Column[]): readonly Column[] {
  const merged = new Map<string, Column>();
  for (const column of columns) {
    if (column.isStored) continue;
    const known = merged.get(column.name);
    merged.set(
      column.name,
      known === undefined
        ? column
        : {
            ...known,
            samples: [...new Set([...known.samples, ...column.samples])].slice(0, mostSamples),
            discarded:
              known.discarded === null || column.discarded === null
                ? null
                : known.discarded + column.discarded,
          },
    );
  }
  return [...merged.values()];
}

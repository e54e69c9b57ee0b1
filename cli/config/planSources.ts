import { isDeepStrictEqual } from 'node:util';
import type { Json, Source } from '../../client/generated.ts';
import { referenceText } from './references.ts';
import { type DesiredSource, isRecord, settableFields } from './sourceFile.ts';

export interface FieldChange {
  readonly field: string;
  /** Text for people; secrets are named, never told. */
  readonly before: string;
  readonly after: string;
}

/** What is to be done with one source. */
export type Step =
  | {
      readonly kind: 'create';
      readonly desired: DesiredSource;
      readonly changes: readonly FieldChange[];
    }
  | {
      readonly kind: 'change';
      readonly desired: DesiredSource;
      readonly current: Source;
      readonly changes: readonly FieldChange[];
      readonly sendsCredentials: boolean;
    }
  | { readonly kind: 'same'; readonly current: Source }
  | { readonly kind: 'delete'; readonly current: Source };

export interface PlanOptions {
  /** Send credentials of sources that have some, too. */
  readonly credentials: boolean;
  /** Delete what the file does not name. */
  readonly prune: boolean;
}

const mask = '***';

/** Compares what is wanted with what is there, in the order of the file. A field that the file leaves out stays as it is. */
export function planSources(
  desired: readonly DesiredSource[],
  current: ReadonlyMap<string, Source>,
  options: PlanOptions,
): readonly Step[] {
  const steps = desired.map((wanted): Step => {
    const there = current.get(wanted.key);
    return there === undefined ? created(wanted) : changed(wanted, there, options);
  });
  if (!options.prune) return steps;
  const named = new Set(desired.map(({ key }) => key));
  return [
    ...steps,
    ...[...current.values()]
      .filter(({ key }) => !named.has(key))
      .map((source): Step => ({ kind: 'delete', current: source })),
  ];
}

const created = (desired: DesiredSource): Step => ({
  kind: 'create',
  desired,
  changes: [...settableFields, 'credentials', 'secretRef'].flatMap((field) =>
    desired[field] === undefined ? [] : [{ field, before: '', after: shown(desired[field]) }],
  ),
});

function changed(desired: DesiredSource, current: Source, { credentials }: PlanOptions): Step {
  const view = current as unknown as Readonly<Record<string, Json>>;
  const changes: FieldChange[] = [];
  for (const field of settableFields) {
    const wanted = desired[field];
    if (wanted === undefined) continue;
    const is = field === 'freshnessTargetSeconds' ? current.freshness.targetSeconds : view[field];
    if (agrees(wanted, is ?? null, credentials)) continue;
    changes.push({ field, before: shown(is ?? null), after: shown(wanted) });
  }
  const given = desired['credentials'] ?? desired['secretRef'];
  const sendsCredentials = given !== undefined && (credentials || current.credentials === 'none');
  if (sendsCredentials)
    changes.push({ field: 'credentials', before: current.credentials, after: shown(given) });
  return changes.length === 0
    ? { kind: 'same', current }
    : { kind: 'change', desired, current, changes, sendsCredentials };
}

/** A secret that is masked may be what is wanted: it counts as such unless credentials are sent. */
function agrees(wanted: Json, is: Json, credentials: boolean): boolean {
  if (is === mask && (wanted === mask || (referenceText(wanted) !== null && !credentials)))
    return true;
  if (isRecord(wanted) && isRecord(is))
    return (
      isDeepStrictEqual(Object.keys(wanted).toSorted(), Object.keys(is).toSorted()) &&
      Object.entries(wanted).every(([name, value]) => agrees(value, is[name] ?? null, credentials))
    );
  return isDeepStrictEqual(wanted, is);
}

/** A value for people. */
function shown(value: Json | undefined): string {
  const reference = referenceText(value);
  if (reference !== null) return `(${reference})`;
  if (!isRecord(value)) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).map(([name, item]) => `${name}: ${shown(item)}`);
  return `{ ${fields.join(', ')} }`;
}

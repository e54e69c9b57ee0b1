import { mergeEvidence } from '../formats/columnEvidence.ts';
import type { SurveyedColumn } from '../formats/tabularFile.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Field } from '../lake/schema.ts';
import { canWiden } from '../lake/typeChange.ts';
import type { Proposal } from '../staging/proposal.ts';
import type { StreamLoader } from '../staging/streamLoader.ts';
import type { FanOutPlan, UnitWork } from './fanOutPlan.ts';
import type { UnitResult } from './readResults.ts';
import type { UnitLoad } from './unitPart.ts';

/**
 * The schema of all units' work together: what one loader would have come to, had it loaded the same in the same
 * order. `loader` starts from the table's schema and knows the ids that units gave.
 */
export async function agreeOnWork(
  loader: StreamLoader,
  plan: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
): Promise<readonly Field[]> {
  let schema = await loader.propose({ kind: 'columns', columns: [] });
  for (const proposal of proposalsOf(plan, units, results)) schema = await loader.propose(proposal);
  return schema;
}

function* proposalsOf(
  { cuts }: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
): Generator<Proposal> {
  for (let unit = 0; unit < units.length; unit++) {
    const work = units[unit] as UnitWork;
    if (work.kind !== 'rows') {
      for (const load of loadsOf(results[unit] as UnitResult)) yield columnsOf(load);
      continue;
    }
    // Parts of one file lie side by side, and its columns have the types of all its values.
    const from = unit;
    const isSame = (other: UnitWork | undefined): boolean =>
      other?.kind === 'rows' && other.cut === work.cut;
    while (isSame(units[unit + 1])) unit++;
    const parts = results
      .slice(from, unit + 1)
      .flatMap((result) => loadsOf(result).flatMap((load) => load.parts));
    yield {
      kind: 'surveyed',
      columns: mergeSurveys(parts.map(({ survey }) => survey)),
      doubtful: [...new Set(parts.flatMap(({ doubtful }) => doubtful))],
      options: cuts[work.cut]?.options ?? {},
    };
  }
}

export const loadsOf = ({ parts }: UnitResult): readonly UnitLoad[] =>
  parts.flatMap(({ loaded }) => loaded ?? []);

/** Columns in the order in which they first appear, with everything known of each. */
export function mergeSurveys(
  surveys: readonly (readonly SurveyedColumn[])[],
): readonly SurveyedColumn[] {
  const merged = new Map<string, SurveyedColumn>();
  for (const { name, evidence } of surveys.flat()) {
    const known = merged.get(name);
    merged.set(name, {
      name,
      evidence: known === undefined ? evidence : mergeEvidence(known.evidence, evidence),
    });
  }
  return [...merged.values()];
}

/** The columns a unit came to, in the order it did, with the types it gave them. */
function columnsOf({ schema, delivered }: UnitLoad): Proposal {
  const byName = new Map(schema.map((field) => [field.name, field]));
  return {
    kind: 'columns',
    columns: delivered.flatMap((wanted) => {
      const field = byName.get(wanted);
      return field === undefined ? [] : [{ name: field.doc ?? field.name, type: field.type }];
    }),
  };
}

/** Whether everything a unit wrote can be read under this schema. */
export function fits({ schema, adds }: UnitLoad, agreed: readonly Field[]): boolean {
  const own = new Map(schema.map((field) => [field.id, field]));
  const common = new Map(agreed.map((field) => [field.id, field]));
  return [...writtenIds(adds)].every((id) => {
    const [mine, theirs] = [own.get(id), common.get(id)];
    return (
      mine !== undefined &&
      theirs !== undefined &&
      (mine.type === theirs.type || canWiden(mine.type, theirs.type))
    );
  });
}

const writtenIds = (adds: readonly DataFile[]): ReadonlySet<number> =>
  new Set(adds.flatMap(({ valueCounts }) => Object.keys(valueCounts).map(Number)));

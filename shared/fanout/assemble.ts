import { hashOfPieces } from '../formats/ranges/pieceHashes.ts';
import type { LoadedStream } from '../ingest/loadStream.ts';
import type { Field } from '../lake/schema.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import { noCounts } from '../runs/runItem.ts';
import { addCounts } from '../runs/runs.ts';
import type { LoadedFile, Rewrite } from '../staging/streamLoader.ts';
import { loadsOf } from './agreeOnWork.ts';
import type { FanOutPlan, UnitWork } from './fanOutPlan.ts';
import { mergeDrift } from './mergeDrift.ts';
import type { UnitResult } from './readResults.ts';

/** What all units come to together. */
export interface Collected {
  /** As if one loader had loaded it all. */
  readonly result: LoadedStream;
  /** Every landed file it is about; `replaces`: its earlier rows go. */
  readonly files: FanOutPlan['files'];
  readonly duplicates: readonly StagedFile[];
}

/** Puts the work of finished units together, in the units' order. `schema` is what they agreed on. */
export function assemble(
  plan: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
  schema: readonly Field[],
  rewrites: readonly Rewrite[],
): Collected {
  const loads = results.flatMap(loadsOf);
  const parts = results.flatMap((result) => result.parts);
  const failures = parts.flatMap((part) => part.failures);
  const counts = loads.map((load) => load.counts).reduce(addCounts, noCounts);
  const lead = leadBytes(plan, units);
  return {
    result: {
      loaded: {
        schema,
        adds: loads.flatMap(({ adds }) => adds),
        rejects: loads.flatMap(({ rejects }) => rejects),
        rewrites,
        counts: { ...counts, bytes: counts.bytes + lead },
        files: filesOf(plan, units, results),
        drift: mergeDrift(plan.schema, schema, loads),
      },
      position: plan.position,
      finished: plan.finished,
      failures,
      fresh: parts.every(({ fresh, loaded }) => fresh || loaded === null),
      replacesNullCursor: parts.some((part) => part.replacesNullCursor),
    },
    files: plan.files,
    duplicates: plan.duplicates ?? [],
  };
}

/** Bytes in front of the first row of files that were cut: read, and part of no part. */
const leadBytes = ({ cuts }: FanOutPlan, units: readonly UnitWork[]): number =>
  units.reduce(
    (sum, work) =>
      work.kind === 'rows' && work.isFirst ? sum + (cuts[work.cut]?.text?.dataByte ?? 0) : sum,
    0,
  );

/** Each landed file once, with the counts of all its parts. */
function filesOf(
  { cuts }: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
): readonly LoadedFile[] {
  const files: LoadedFile[] = [];
  const places = new Map<number, number>();
  for (const [unit, work] of units.entries()) {
    const loads = loadsOf(results[unit] as UnitResult);
    const loaded = loads.flatMap((load) => load.files);
    if (work.kind !== 'rows' && work.kind !== 'rowGroups') {
      files.push(...loaded);
      continue;
    }
    for (const part of loaded) {
      const place = places.get(work.cut) ?? files.length;
      const before = files[place];
      places.set(work.cut, place);
      files[place] = {
        ...part,
        rows: part.rows + (before?.rows ?? 0),
        rejected: part.rejected + (before?.rejected ?? 0),
        contentHash: '',
      };
    }
  }
  for (const [cut, place] of places)
    files[place] = {
      ...(files[place] as LoadedFile),
      contentHash: hashOfPieces([
        ...(cuts[cut]?.scans ?? []).flatMap(({ pieces }) => pieces),
        ...units.flatMap((work, unit) =>
          work.kind === 'rowGroups' && work.cut === cut
            ? loadsOf(results[unit] as UnitResult).flatMap(({ parts }) =>
                parts.flatMap(({ pieces }) => pieces),
              )
            : [],
        ),
      ]),
    };
  return files;
}

import { cutRows, type RowRange } from '../formats/ranges/cutRows.ts';
import { automatonOf, type StretchScan, segmentsOf } from '../formats/ranges/scanStretch.ts';
import { areUtf8 } from '../formats/ranges/utf8Stretch.ts';
import type { Log } from '../log.ts';
import type { CutFile, FanOutPlan, UnitPlace, UnitWork } from './fanOutPlan.ts';
import type { UnitResult } from './readResults.ts';
import { loadUnitsOf } from './unitsOf.ts';

/** What the next units do. */
export interface NextPlan {
  readonly plan: Omit<FanOutPlan, 'unitsKey' | 'places' | 'attempt'>;
  readonly units: readonly UnitWork[];
  /** Where what a unit has to do is done already; null: it is to be done. */
  readonly done: readonly (UnitPlace | null)[];
}

/** Longer rows may be given up by a reader that comes to them with other bytes in its buffer. */
const longestRowBytes = 1 << 24;

/**
 * Cuts text files where their rows begin, now that each of their stretches was looked at. A file about which there
 * is doubt is loaded by one unit as a whole.
 */
export function cutAfterScan(
  plan: FanOutPlan,
  units: readonly UnitWork[],
  results: readonly UnitResult[],
  log: Log,
): NextPlan {
  const cuts = plan.cuts.map((cut, index) => {
    if (cut.text === null) return { cut, units: cut.parts };
    const scans = units.flatMap((work, unit) =>
      work.kind === 'scan' && work.cut === index
        ? (results[unit]?.parts ?? []).flatMap(({ scan }) => scan ?? [])
        : [],
    );
    const ranges = rangesOf(cut, cut.text, scans, log);
    const scanned: CutFile = {
      ...cut,
      scans: scans.map(({ utf8, pieces }) => ({ utf8, pieces })),
    };
    return {
      cut: scanned,
      units:
        ranges?.map(({ from, to, firstLine }, place) => ({
          kind: 'rows' as const,
          cut: index,
          from,
          to,
          firstLine,
          isFirst: place === 0,
        })) ?? null,
    };
  });
  const { unitsKey: _, places: __, attempt: ___, ...shared } = plan;
  const next = loadUnitsOf(cuts, plan.sequence);
  return {
    plan: { ...shared, phase: 'load', cuts: cuts.map(({ cut }) => cut) },
    units: next,
    done: next.map(() => null),
  };
}

/** null: the file is read in one go. */
function rangesOf(
  { file }: CutFile,
  { layout, dataByte, firstLine }: NonNullable<CutFile['text']>,
  scans: readonly StretchScan[],
  log: Log,
): readonly RowRange[] | null {
  const doubt = (reason: string): null => {
    log.info('a file is not cut into parts', { file: file.name, reason });
    return null;
  };
  if (layout.encoding === 'utf-8' && !areUtf8(scans.map(({ utf8 }) => utf8)))
    return doubt('it is not UTF-8 all through');
  const cut = cutRows(scans.map(segmentsOf), {
    from: dataByte,
    firstLine,
    isQuoted: automatonOf(layout).isQuoted,
    longestRowBytes,
  });
  return cut.kind === 'cut' ? cut.ranges : doubt(cut.reason);
}

import type { CutFile, FanOutPlan, UnitWork } from './fanOutPlan.ts';

/** Units that look where rows begin, in stretches of text files that are cut. */
export const scanUnitsOf = (cuts: readonly CutFile[], unitBytes: number): readonly UnitWork[] =>
  cuts.flatMap(({ file: { bytes }, text }, cut) =>
    text === null
      ? []
      : Array.from({ length: Math.ceil(bytes / unitBytes) }, (_, index) => ({
          kind: 'scan' as const,
          cut,
          from: index * unitBytes,
          to: Math.min(bytes, (index + 1) * unitBytes),
        })),
  );

/**
 * Units that load, in the order in which one reading would come to their rows. `parts`: of each file that is cut, in
 * the order of `cuts`; null for one that is loaded as a whole after all.
 */
export const loadUnitsOf = (
  parts: readonly { readonly cut: CutFile; readonly units: readonly UnitWork[] | null }[],
  sequence: FanOutPlan['sequence'],
): readonly UnitWork[] =>
  sequence.flatMap((step): readonly UnitWork[] => {
    if ('files' in step) return [{ kind: 'files', files: step.files }];
    const part = parts[step.cut];
    if (part === undefined) return [];
    return part.units ?? [{ kind: 'files', files: [part.cut.file] }];
  });

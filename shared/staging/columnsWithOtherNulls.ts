import type { TabularPass } from '../formats/tabularFile.ts';
import { copyStats } from '../lake/dataFileFromStats.ts';
import type { Field } from '../lake/schema.ts';
import { expectedNulls } from './columnPlan.ts';
import type { WrittenFile } from './csvToParquet.ts';
import type { FilePlan } from './filePlan.ts';

/** Columns of the file of which DuckDB wrote more or fewer NULLs than a pass saw: it reads their values otherwise. */
export function columnsWithOtherNulls(
  { layout, positions, readings, placed }: FilePlan,
  pass: TabularPass,
  written: readonly WrittenFile[],
): readonly string[] {
  const nulls = nullCounts(written);
  const seen = new Map(pass.columns().map(({ name, evidence }) => [name, evidence]));
  return positions.flatMap((position, index) => {
    const { name, type } = placed.fields[index] as Field;
    const evidence = seen.get(layout[position] as string);
    const expected = evidence === undefined ? pass.rows : expectedNulls(type, evidence);
    // What fits no chosen type is NULL too, and kept in `_unfit`.
    if (readings[index]?.isChosen === true && type !== 'string') return [];
    return (nulls.get(name) ?? 0) === expected ? [] : [layout[position] as string];
  });
}

/** NULLs per column over all files, from RETURN_STATS. */
export function nullCounts(written: readonly WrittenFile[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { stats } of written)
    for (const { key, value } of copyStats.parse(stats).column_statistics) {
      const column = key.replace(/^"|"$/g, '');
      const count = Number(value.find((fact) => fact.key === 'null_count')?.value ?? 0);
      counts.set(column, (counts.get(column) ?? 0) + count);
    }
  return counts;
}

import { HeadgateError } from '../errors.ts';
import { mergeEvidence } from '../formats/columnEvidence.ts';
import { fileUnreadable } from '../formats/fileUnreadable.ts';
import { mostColumns } from '../formats/mostColumns.ts';
import type { SurveyedColumn, TabularPass } from '../formats/tabularFile.ts';
import { type ColumnType, columnType } from '../lake/schema.ts';
import { type ColumnReading, isSameReading, readingUnder } from './columnPlan.ts';
import type { LoaderState } from './loaderState.ts';
import type { PlacedColumns } from './workingSchema.ts';

/** How the columns of a file are read, as long as nothing in it contradicts that. */
export interface FilePlan {
  /** All that is known of the file so far. */
  readonly columns: readonly SurveyedColumn[];
  /** Names of all columns a pass hands out. */
  readonly layout: readonly string[];
  /** Those to be loaded: where they are in the layout, and how they are read. */
  readonly positions: readonly number[];
  readonly readings: readonly ColumnReading[];
  readonly placed: PlacedColumns;
  /** null: not loaded. */
  readonly readAll: (columns: readonly SurveyedColumn[]) => readonly (ColumnReading | null)[];
}

/** Types that a file's options choose. Throws `invalid_config` for one that does not exist. */
export function chosenTypes(types: Readonly<Record<string, string>>): Map<string, ColumnType> {
  return new Map(
    Object.entries(types).map(([column, type]) => {
      const parsed = columnType.safeParse(type.trim().replace(/\s*,\s*/, ', '));
      if (parsed.success) return [column, parsed.data];
      throw new HeadgateError(
        'invalid_config',
        `Column ${column}: there is no type "${type}". Use boolean, int, long, float, double, date, timestamp, timestamptz, string, binary or decimal(precision, scale).`,
        { facts: { column, type } },
      );
    }),
  );
}

/** How each column of a file is read, by what is known of them, and its place in the table. */
export async function planFile(
  { schema, book }: LoaderState,
  columns: readonly SurveyedColumn[],
  chosenTypes: ReadonlyMap<string, ColumnType>,
  doubtful: ReadonlySet<string>,
): Promise<FilePlan> {
  if (columns.length > mostColumns)
    throw fileUnreadable(`It has ${columns.length} columns; a table may have ${mostColumns}.`);
  const { contract } = book.rules;
  const readAll: FilePlan['readAll'] = (surveyed) => {
    const taken = surveyed.filter(({ name }) => book.of(name).isTaken);
    const existing = schema.match(taken.map(({ name }) => name));
    const types = new Map(taken.map(({ name }, index) => [name, existing[index]?.type ?? null]));
    return surveyed.map(({ name, evidence }) =>
      readingUnder(
        {
          rule: book.of(name),
          contract,
          chosen: chosenTypes.get(name) ?? null,
          isDoubtful: doubtful.has(name),
        },
        evidence,
        types.get(name) ?? null,
      ),
    );
  };
  const all = readAll(columns);
  const positions = columns.flatMap((_, position) => (all[position] == null ? [] : [position]));
  const readings = all.filter((reading) => reading !== null);
  const placed = await schema.place(
    positions.map((position, index) => ({
      name: (columns[position] as SurveyedColumn).name,
      type: (readings[index] as ColumnReading).type,
    })),
  );
  return { columns, layout: columns.map(({ name }) => name), positions, readings, placed, readAll };
}

/** Whether what was seen so far, on top of what was known before, would be read otherwise than planned. */
export function contradicts(plan: FilePlan, pass: TabularPass): boolean {
  const seen = new Map(pass.columns().map(({ name, evidence }) => [name, evidence]));
  const merged = plan.columns.map(({ name, evidence }) => {
    const more = seen.get(name);
    seen.delete(name);
    return { name, evidence: more === undefined ? evidence : mergeEvidence(evidence, more) };
  });
  const added = [...seen].map(([name, evidence]) => ({ name, evidence }));
  const readings = plan.readAll([...merged, ...added]);
  const loaded = readings.flatMap((reading, index) =>
    reading === null ? [] : [{ reading, index }],
  );
  return (
    loaded.length !== plan.readings.length ||
    loaded.some(
      ({ reading, index }, place) =>
        index !== plan.positions[place] ||
        !isSameReading(reading, plan.readings[place] as ColumnReading),
    )
  );
}

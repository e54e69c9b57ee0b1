import { type Item, textOf } from './sourceDatabase.ts';

export type TableRow = Item & {
  readonly deleted: boolean;
  /** Id of the run that wrote it; those of one source sort by time. */
  readonly run: string;
};

/** What a table has to hold once everything was read. */
export type Expectation =
  /** The source's rows, as many times as they are there. */
  | 'exact'
  /** The source's rows once each; a row that is gone there is at most once in the table. */
  | 'newest'
  /** The source's rows once each, and earlier versions, each at most once per key and cursor. */
  | 'versions'
  /** A copy of the source for each run that ended well, the newest of which is the source's rows. */
  | 'copies';

/** Differences between source and table, in words; empty where there are none. */
export function compare(
  expectation: Expectation,
  source: readonly Item[],
  table: readonly TableRow[],
  versions: ReadonlySet<string>,
): readonly string[] {
  const live = table.filter(({ deleted }) => !deleted);
  const problems: string[] = [];
  for (const row of live)
    if (!versions.has(textOf(row))) problems.push(`wrong: ${textOf(row)} was never in the source`);
  const newestRun = live.reduce((newest, { run }) => (run > newest ? run : newest), '');
  const compared = expectation === 'copies' ? live.filter(({ run }) => run === newestRun) : live;
  const wanted = tally(source.map(textOf));
  const found = tally(compared.map(textOf));
  for (const [text, count] of wanted) {
    const there = found.get(text) ?? 0;
    if (there < count) problems.push(`lost: ${text} (${there} of ${count})`);
    if (there > count) problems.push(`doubled: ${text} (${there} instead of ${count})`);
  }
  if (expectation === 'exact' || expectation === 'copies') {
    for (const [text] of found)
      if (!wanted.has(text)) problems.push(`too much: ${text} is not in the source any more`);
    if (expectation === 'exact') return problems;
  }
  const identity = {
    copies: ({ id, run }: TableRow) => `${id} in run ${run}`,
    newest: ({ id }: TableRow) => id,
    versions: ({ id, at }: TableRow) => `${id} at ${at}`,
  }[expectation];
  for (const [key, count] of tally(live.map(identity)))
    if (count > 1) problems.push(`doubled: ${count} rows of ${key}`);
  return problems;
}

function tally(texts: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

import type { LiveFile } from '../lake/liveFile.ts';
import type { Field } from '../lake/schema.ts';
import {
  aliveOf,
  type Located,
  type NumberedCopy,
  type NumberedFile,
  posField,
  rowsOf,
} from './batchSql.ts';
import { type RangeOf, type RowFilter, rangesOfFile } from './columnRange.ts';
import { mapAhead } from './mapAhead.ts';
import type { MergeSession } from './mergeSession.ts';
import { SparseCopy } from './sparseCopy.ts';

/** Files whose wanted columns lie here now. */
export interface Batch {
  readonly files: readonly NumberedFile[];
  /** SQL of a relation (file, pos, columns): the wanted rows, those deleted earlier among them. */
  readonly rows: string;
  /** SQL of the rows of `sql`, which has columns `file` and `pos`, that were not deleted earlier. */
  readonly alive: (sql: string) => string;
  /** Removes the local copies, except for earlier deletes of the files with these numbers. */
  release(keptDeletes: ReadonlySet<number>): Promise<void>;
}

export interface Scan {
  /** The columns of the relation. */
  readonly fields: readonly Field[];
  /** Asked for when there is a file to look at. */
  readonly plan: () => Promise<ScanPlan>;
  /** Called for a file that goes as a whole and is not read. */
  readonly whole?: (live: LiveFile) => void;
}

export interface ScanPlan {
  readonly filter: RowFilter;
  /** Columns whose values cannot matter in a file with such ranges: they are not fetched, and null. */
  readonly idle?: (rangeOf: RangeOf) => readonly Field[];
}

/** Looks at every row. */
export const everyRow: ScanPlan = {
  filter: { mayMatch: () => true, matchesAll: () => false },
};

/** Footers fetched ahead. */
const footersAhead = 8;
/** One batch is fetched while another is worked on; disk holds two. */
const batchesAhead = 2;
const batchLimits = { bytes: 128 * 2 ** 20, rows: 32_000_000, files: 64 } as const;

/** Reads the wanted columns of those live files that may have a wanted row, a batch at a time. */
export async function* scanLive(
  session: MergeSession,
  live: AsyncIterable<LiveFile>,
  scan: Scan,
): AsyncGenerator<Batch> {
  const located = mapAhead(candidates(live, scan), footersAhead, async ({ file, plan }) => {
    const idle = plan.idle?.(rangesOfFile(file.file)) ?? [];
    return {
      live: file,
      copy: await SparseCopy.open(session.lake, {
        file: file.file,
        localPath: session.scratchPath('live'),
        fields: scan.fields.filter((field) => !idle.includes(field)),
        filter: plan.filter,
      }),
    };
  });
  yield* mapAhead(batchesOf(located), batchesAhead, (files) => fetchBatch(session, scan, files));
}

async function* candidates(
  live: AsyncIterable<LiveFile>,
  scan: Scan,
): AsyncGenerator<{ readonly file: LiveFile; readonly plan: ScanPlan }> {
  let plan: ScanPlan | null = null;
  for await (const file of live) {
    plan ??= await scan.plan();
    const ranges = rangesOfFile(file.file);
    if (!plan.filter.mayMatch(ranges)) continue;
    if (scan.whole !== undefined && plan.filter.matchesAll(ranges)) scan.whole(file);
    else yield { file, plan };
  }
}

async function* batchesOf(
  located: AsyncIterable<Located>,
): AsyncGenerator<readonly NumberedCopy[]> {
  let batch: Located[] = [];
  let [bytes, rows, next] = [0, 0, 0];
  const numbered = (): readonly NumberedCopy[] => {
    const files = batch.map((file, index) => ({ ...file, number: next + index }));
    next += files.length;
    [batch, bytes, rows] = [[], 0, 0];
    return files;
  };
  for await (const file of located) {
    const { copy } = file;
    if (copy.rowGroups.length === 0) {
      await copy[Symbol.asyncDispose]();
      continue;
    }
    const isFull =
      batch.length >= batchLimits.files ||
      bytes + copy.wantedBytes > batchLimits.bytes ||
      rows + copy.wantedRows > batchLimits.rows;
    if (isFull && batch.length > 0) yield numbered();
    batch.push(file);
    bytes += copy.wantedBytes;
    rows += copy.wantedRows;
  }
  if (batch.length > 0) yield numbered();
}

async function fetchBatch(
  session: MergeSession,
  { fields }: Scan,
  copies: readonly NumberedCopy[],
): Promise<Batch> {
  const { lake } = session;
  const fetched = await Promise.allSettled(
    copies.map(async ({ number, live, copy }): Promise<NumberedFile> => {
      await copy.fill(lake);
      if (live.deletes === null) return { number, live, deletes: null };
      const deletes = await SparseCopy.open(lake, {
        file: live.deletes,
        localPath: session.scratchPath('deleted'),
        fields: [posField],
        filter: null,
      });
      await deletes.fill(lake);
      return { number, live, deletes };
    }),
  );
  const files = fetched.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  return {
    files,
    rows: rowsOf(copies, fields),
    alive: (sql) => aliveOf(files, sql),
    async release(keptDeletes) {
      for (const { copy } of copies) await copy[Symbol.asyncDispose]();
      for (const { number, deletes } of files)
        if (!keptDeletes.has(number)) await deletes?.[Symbol.asyncDispose]();
    },
  };
}

import type { LiveFile } from '../lake/liveFile.ts';
import { positionDeleteFields } from '../lake/positionDeleteFile.ts';
import type { Field } from '../lake/schema.ts';
import { type RowFilter, rangesOfFile } from './columnRange.ts';
import { mapAhead } from './mapAhead.ts';
import type { MergeSession } from './mergeSession.ts';
import { columnOf, columnsOf, parquetRows } from './parquetRows.ts';
import { SparseCopy } from './sparseCopy.ts';

/** A file of the lake that is being looked at, and the number it has in tables of this merge. */
export interface NumberedFile {
  readonly number: number;
  readonly live: LiveFile;
  /** Local copy of the positions that were deleted before. */
  readonly deletes: SparseCopy | null;
}

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
  readonly fields: readonly Field[];
  readonly filter: RowFilter;
  /** Called for a file that goes as a whole and is not read. */
  readonly whole: (live: LiveFile) => void;
}

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
  const located = mapAhead(candidates(live, scan), footersAhead, async (file) => {
    const { lake } = session;
    const path = session.scratchPath('live');
    return {
      live: file,
      copy: await SparseCopy.open(lake, file.file, path, scan.fields, scan.filter),
    };
  });
  yield* mapAhead(batchesOf(located), batchesAhead, (files) => fetchBatch(session, scan, files));
}

async function* candidates(live: AsyncIterable<LiveFile>, scan: Scan): AsyncGenerator<LiveFile> {
  for await (const file of live) {
    const ranges = rangesOfFile(file.file);
    if (!scan.filter.mayMatch(ranges)) continue;
    if (scan.filter.matchesAll(ranges)) scan.whole(file);
    else yield file;
  }
}

interface Located {
  readonly live: LiveFile;
  readonly copy: SparseCopy;
}
type NumberedCopy = Located & { readonly number: number };

async function* batchesOf(
  located: AsyncIterable<Located>,
): AsyncGenerator<readonly NumberedCopy[]> {
  let batch: Located[] = [];
  let [bytes, rows, next] = [0, 0, 0];
  const numbered = (): readonly NumberedCopy[] => {
    // DuckDB numbers files in the order they are listed, so those that one scan reads stand together.
    const ordered = [
      ...batch.filter(({ copy }) => copy.isWhole),
      ...batch.filter(({ copy }) => !copy.isWhole),
    ];
    const files = ordered.map((file, index) => ({ ...file, number: next + index }));
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
      const path = session.scratchPath('deleted');
      const deletes = await SparseCopy.open(lake, live.deletes, path, [posField], null);
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
    rows: rowsSql(copies, fields),
    alive: (sql) => aliveSql(files, sql),
    async release(keptDeletes) {
      for (const { copy } of copies) await copy[Symbol.asyncDispose]();
      for (const { number, deletes } of files)
        if (!keptDeletes.has(number)) await deletes?.[Symbol.asyncDispose]();
    },
  };
}

/** `pos` of position-delete files. */
const posField = positionDeleteFields[1] as Field;

function rowsSql(copies: readonly NumberedCopy[], fields: readonly Field[]): string {
  const columns = fields.length === 0 ? '' : `, ${columnsOf(fields)}`;
  const whole = copies.filter(({ copy }) => copy.isWhole);
  const [first] = whole;
  const scans = copies
    .filter(({ copy }) => !copy.isWhole)
    .map(
      ({ number, copy }) =>
        `SELECT ${number}::INTEGER AS file, file_row_number AS pos${columns}
         FROM ${parquetRows([copy.localPath], fields)} WHERE ${copy.rowsSql}`,
    );
  if (first !== undefined)
    scans.unshift(
      `SELECT (${first.number} + file_index)::INTEGER AS file, file_row_number AS pos${columns}
       FROM ${parquetRows(
         whole.map(({ copy }) => copy.localPath),
         fields,
       )}`,
    );
  return `(${scans.join(' UNION ALL ')})`;
}

function aliveSql(files: readonly NumberedFile[], sql: string): string {
  const scans = files.flatMap(({ number, deletes }) =>
    deletes === null
      ? []
      : `SELECT ${number}::INTEGER AS file, pos FROM ${deletedPositions(deletes)}`,
  );
  return scans.length === 0
    ? `(${sql})`
    : `(SELECT alive.* FROM (${sql}) alive ANTI JOIN (${scans.join(' UNION ALL ')}) gone
        ON alive.file = gone.file AND alive.pos = gone.pos)`;
}

/** SQL of a relation with one column `pos`. */
export const deletedPositions = ({ localPath }: SparseCopy): string =>
  `(SELECT ${columnOf(posField)} AS pos FROM ${parquetRows([localPath], [posField])})`;

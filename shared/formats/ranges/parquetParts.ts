import { parquetMetadata } from 'hyparquet';
import type { LandedFile } from '../../connectors/connector.ts';
import { withRowGroups } from './parquetFooter.ts';

/** Where one row group's pages lie, and its rows. */
export interface RowGroupPlace {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** The end of a Parquet file: what it holds, and where. */
export interface ParquetTail {
  /** Where the footer begins. */
  readonly at: number;
  /** The footer, without its length and the mark behind it. */
  readonly footer: Uint8Array;
  readonly rowGroups: readonly RowGroupPlace[];
}

const markBytes = 4;
const endBytes = 8;
/** Footers are smaller as a rule; a larger one is asked for once more. */
const usualFooterBytes = 1 << 19;
const largestFooterBytes = 1 << 27;

/** Reads the footer; null for a file that does not end as a Parquet file does, or whose footer makes no sense. */
export async function readParquetTail(file: LandedFile): Promise<ParquetTail | null> {
  if (file.bytes < markBytes + endBytes) return null;
  let tail = await bytesFrom(file, Math.max(0, file.bytes - usualFooterBytes));
  if (tail.toString('latin1', tail.length - markBytes) !== 'PAR1') return null;
  const footerBytes = tail.readUInt32LE(tail.length - endBytes);
  const at = file.bytes - endBytes - footerBytes;
  if (at < markBytes || footerBytes > largestFooterBytes) return null;
  if (footerBytes + endBytes > tail.length) tail = await bytesFrom(file, at);
  try {
    const { row_groups: groups } = parquetMetadata(Uint8Array.from(tail));
    const rowGroups = groups.map(({ columns, num_rows: rows }) => {
      const places = columns.map(({ meta_data: data }) => {
        if (data === undefined) throw new RangeError('a column lies elsewhere');
        const first = Number(data.dictionary_page_offset ?? data.data_page_offset);
        // Some writers say 0 where there is no dictionary.
        const from = first === 0 ? Number(data.data_page_offset) : first;
        return [from, from + Number(data.total_compressed_size)] as const;
      });
      return {
        from: Math.min(...places.map(([from]) => from)),
        to: Math.max(...places.map(([, to]) => to)),
        rows: Number(rows),
      };
    });
    const isSound = rowGroups.every(
      ({ from, to }, index) => from >= (rowGroups[index - 1]?.to ?? markBytes) && to <= at,
    );
    const footer = tail.subarray(tail.length - endBytes - footerBytes, tail.length - endBytes);
    // Throws where it cannot be cut.
    withRowGroups(footer, 0, rowGroups.length, 0);
    return isSound ? { at, footer, rowGroups } : null;
  } catch {
    // Damaged, or of a kind that is not known here: DuckDB says what is wrong with it.
    return null;
  }
}

async function bytesFrom(file: LandedFile, from: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.open(from)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The end of a file that has only the row groups `[first, end)` of another one, in their places. */
export function tailOf({ footer, rowGroups }: ParquetTail, first: number, end: number): Uint8Array {
  const rows = rowGroups.slice(first, end).reduce((sum, group) => sum + group.rows, 0);
  const cut = withRowGroups(footer, first, end, rows);
  const length = Buffer.alloc(markBytes);
  length.writeUInt32LE(cut.length);
  return Buffer.concat([cut, length, Buffer.from('PAR1')]);
}

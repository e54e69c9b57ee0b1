import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { HeadgateError } from '../errors.ts';
import type { Field } from '../lake/schema.ts';
import { anything, type ColumnRange } from './columnRange.ts';
import { fromStatistic } from './comparable.ts';

/** `[from, to)` of an object. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface RowGroup {
  /** Position of its first row in the file. */
  readonly firstRow: number;
  readonly rows: number;
  /** Bytes of the wanted columns, their bloom filters among them. */
  readonly bytes: readonly ByteRange[];
  readonly rangeOf: (field: Field) => ColumnRange;
}

/** Length of what follows the footer: its own length and `PAR1`. */
export const footerTailBytes = 8;

/** Bytes that the footer itself has, from the last bytes of a file. Throws `internal_error` for another file. */
export function footerLength(tail: Uint8Array, path: string): number {
  const view = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  if (view.length < footerTailBytes || view.toString('latin1', view.length - 4) !== 'PAR1')
    throw new HeadgateError('internal_error', `${path} is no Parquet file`);
  return view.readUInt32LE(view.length - footerTailBytes);
}

/**
 * The row groups of a Parquet file with flat columns, from its footer (Thrift compact protocol, as in parquet.thrift),
 * as far as `fields` are concerned. Statistics are taken as bytes: hyparquet's own reader makes rounded numbers of
 * decimals.
 */
export function readFooter(footer: Uint8Array, fields: readonly Field[]): readonly RowGroup[] {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const metadata = deserializeTCompactProtocol({ view, offset: 0 }) as Struct;
  const columns = wantedColumns(list(metadata, 2), fields);
  let firstRow = 0;
  return list(metadata, 4).map((group) => {
    const rows = Number(group['field_3']);
    const chunks = list(group, 1);
    const ranges = new Map<number, ColumnRange>();
    const bytes: ByteRange[] = [];
    for (const { position, field, isInteger } of columns) {
      const facts = chunks[position]?.['field_3'] as Struct | undefined;
      if (facts === undefined) continue;
      bytes.push(...bytesOf(facts));
      ranges.set(field.id, rangeOf(facts, field, isInteger ? 'integer' : 'other'));
    }
    const rowGroup = {
      firstRow,
      rows,
      bytes,
      rangeOf: ({ id }: Field): ColumnRange => ranges.get(id) ?? onlyNulls,
    };
    firstRow += rows;
    return rowGroup;
  });
}

type Struct = Readonly<Record<`field_${number}`, unknown>>;

const list = (struct: Struct, id: number): readonly Struct[] =>
  (struct[`field_${id}`] ?? []) as readonly Struct[];

interface WantedColumn {
  /** Among the column chunks of each row group. */
  readonly position: number;
  readonly field: Field;
  readonly isInteger: boolean;
}

/** Physical types of parquet.thrift. */
const integers: ReadonlySet<unknown> = new Set([1, 2]);

function wantedColumns(schema: readonly Struct[], fields: readonly Field[]): WantedColumn[] {
  const wanted = new Map(fields.map((field) => [field.id, field]));
  // Only leaves have a physical type.
  return schema
    .filter((element) => element['field_1'] !== undefined)
    .flatMap((element, position) => {
      const field = wanted.get(Number(element['field_9']));
      return field === undefined
        ? []
        : { position, field, isInteger: integers.has(element['field_1']) };
    });
}

function bytesOf(facts: Struct): ByteRange[] {
  const dataPages = Number(facts['field_9']);
  const dictionary = facts['field_11'] === undefined ? dataPages : Number(facts['field_11']);
  const from = Math.min(dataPages, dictionary);
  const chunk = { from, to: from + Number(facts['field_7']) };
  const [bloom, bloomBytes] = [facts['field_14'], facts['field_15']];
  if (bloom === undefined || bloomBytes === undefined) return [chunk];
  return [chunk, { from: Number(bloom), to: Number(bloom) + Number(bloomBytes) }];
}

/** A column that the file does not have. */
const onlyNulls: ColumnRange = {
  lower: null,
  upper: null,
  mayHaveNulls: true,
  mayHaveValues: false,
};

function rangeOf(facts: Struct, field: Field, physical: 'integer' | 'other'): ColumnRange {
  const statistics = facts['field_12'] as Struct | undefined;
  if (statistics === undefined) return anything;
  const nulls = statistics['field_3'] === undefined ? null : Number(statistics['field_3']);
  const bound = (id: 5 | 6): ColumnRange['lower'] => {
    const bytes = statistics[`field_${id}`];
    return bytes instanceof Uint8Array ? fromStatistic(field.type, physical, bytes) : null;
  };
  return {
    lower: bound(6),
    upper: bound(5),
    mayHaveNulls: nulls === null || nulls > 0,
    mayHaveValues: nulls === null || nulls < Number(facts['field_5']),
  };
}

import { type Item, itemBytes } from './attributeValue.ts';

const bytesPerRead = 4096;
const bytesPerWrite = 1024;

export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / bytesPerRead)) * (consistent ? 1 : 0.5);

export const writeUnits = (before: Item | undefined, after: Item | undefined): number =>
  Math.max(1, Math.ceil(Math.max(itemBytes(before ?? {}), itemBytes(after ?? {})) / bytesPerWrite));

interface ConsumedCapacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
  readonly Table?: { readonly CapacityUnits: number };
}

/** The `ConsumedCapacity` member, when the request asked for it. Writes to indexes are not counted. */
export function consumed(
  wanted: string | undefined,
  tableName: string,
  units: number,
): { readonly ConsumedCapacity?: ConsumedCapacity } {
  if (wanted !== 'TOTAL' && wanted !== 'INDEXES') return {};
  return {
    ConsumedCapacity: {
      TableName: tableName,
      CapacityUnits: units,
      ...(wanted === 'INDEXES' ? { Table: { CapacityUnits: units } } : {}),
    },
  };
}

/** The same for operations over several tables: a list. */
export function consumedPerTable(
  wanted: string | undefined,
  unitsPerTable: ReadonlyMap<string, number>,
): { readonly ConsumedCapacity?: readonly ConsumedCapacity[] } {
  const list = [...unitsPerTable].flatMap(
    ([tableName, units]) => consumed(wanted, tableName, units).ConsumedCapacity ?? [],
  );
  return list.length === 0 ? {} : { ConsumedCapacity: list };
}

import type { ItemStore } from './itemStore.ts';
import type { TableDefinition } from './tableDefinition.ts';
import { type CreateTableInput, createTable, updateTable } from './tables.ts';
import { updateTimeToLive } from './timeToLive.ts';

/** A table as a template describes it: CreateTable's input and the attribute that expires items. */
export interface TableSpecification extends CreateTableInput {
  readonly timeToLiveAttribute?: string | undefined;
}

/**
 * Makes the table be as specified, keeping its items: created, or its global indexes, stream and TTL
 * changed. Throws when the key is another one, for that would need a new table.
 */
export function ensureTable(store: ItemStore, specification: TableSpecification): void {
  const { timeToLiveAttribute, ...input } = specification;
  const table = store.findTable(input.TableName);
  if (table === undefined) createTable(store, input);
  else reconcile(store, table, input);
  const current = store.table(input.TableName).ttlAttribute;
  if (current === timeToLiveAttribute) return;
  const set = (Enabled: boolean, AttributeName: string): unknown =>
    updateTimeToLive(store, {
      TableName: input.TableName,
      TimeToLiveSpecification: { Enabled, AttributeName },
    });
  if (current !== undefined) set(false, current);
  if (timeToLiveAttribute !== undefined) set(true, timeToLiveAttribute);
}

function reconcile(store: ItemStore, table: TableDefinition, input: CreateTableInput): void {
  const { TableName } = input;
  const same = (left: unknown, right: unknown): boolean =>
    JSON.stringify(left) === JSON.stringify(right);
  if (!same(table.KeySchema, input.KeySchema))
    throw new Error(
      `Table ${TableName} exists with another key; move the home folder away to start anew`,
    );
  const wanted = input.GlobalSecondaryIndexes ?? [];
  const shape = (index: (typeof wanted)[number]): unknown => [index.KeySchema, index.Projection];
  const unchanged = (name: string): boolean => {
    const [before, after] = [table.GlobalSecondaryIndexes, wanted].map((list) =>
      (list as typeof wanted).find(({ IndexName }) => IndexName === name),
    );
    return before !== undefined && after !== undefined && same(shape(before), shape(after));
  };
  const viewType = input.StreamSpecification?.StreamEnabled
    ? (input.StreamSpecification.StreamViewType ?? 'NEW_AND_OLD_IMAGES')
    : undefined;
  const streamChanged = viewType !== table.streamViewType;
  if (streamChanged && table.streamViewType !== undefined)
    updateTable(store, { TableName, StreamSpecification: { StreamEnabled: false } });
  updateTable(store, {
    TableName,
    AttributeDefinitions: input.AttributeDefinitions,
    BillingMode: input.BillingMode,
    ...(streamChanged && viewType !== undefined
      ? { StreamSpecification: { StreamEnabled: true, StreamViewType: viewType } }
      : {}),
    GlobalSecondaryIndexUpdates: [
      ...table.GlobalSecondaryIndexes.filter(({ IndexName }) => !unchanged(IndexName)).map(
        ({ IndexName }) => ({ Delete: { IndexName } }),
      ),
      ...wanted
        .filter(({ IndexName }) => !unchanged(IndexName))
        .map((index) => ({ Create: index })),
    ],
  });
}

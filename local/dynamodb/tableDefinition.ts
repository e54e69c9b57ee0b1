import db from 'dynalite/db/index.js';
import type { AttributeValue, Item } from './attributeValue.ts';
import { throwIfInvalid, validationError } from './failures.ts';

export interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: string;
}
export interface IndexDefinition {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: {
    readonly ProjectionType: string;
    readonly NonKeyAttributes?: readonly string[];
  };
}
export interface TableDefinition {
  readonly TableName: string;
  readonly TableId: string;
  readonly CreationDateTime: number;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: string;
  }[];
  readonly BillingMode: string;
  readonly ProvisionedThroughput?: {
    readonly ReadCapacityUnits: number;
    readonly WriteCapacityUnits: number;
  };
  readonly GlobalSecondaryIndexes: readonly IndexDefinition[];
  readonly LocalSecondaryIndexes: readonly IndexDefinition[];
  readonly streamViewType?: string;
  /** When the stream was turned on: part of its ARN. */
  readonly streamLabel?: string;
  readonly ttlAttribute?: string;
  readonly deletionProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export const indexesOf = (table: TableDefinition): readonly IndexDefinition[] => [
  ...table.GlobalSecondaryIndexes,
  ...table.LocalSecondaryIndexes,
];

export const keyNames = (schema: readonly KeySchemaElement[]): readonly string[] =>
  schema.map(({ AttributeName }) => AttributeName);

export function keyOf(table: TableDefinition, item: Item): Item {
  return pick(item, keyNames(table.KeySchema));
}

export const pick = (item: Item, names: readonly string[]): Item => {
  const picked: Record<string, AttributeValue> = {};
  for (const name of names) {
    const value = item[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
};

/**
 * Text under which a row is stored: it sorts by a hash of the partition key, then by the sort key's value.
 * The item or key MUST have been validated.
 */
export const rowKey = (table: TableDefinition, item: Item): string => db.createKey(item, table);

/** The row of an item in an index; unique, because it ends in the item's own key. */
export const indexRowKey = (table: TableDefinition, index: IndexDefinition, item: Item): string =>
  db.createKey(item, table, index.KeySchema) + rowKey(table, item);

/** What an index stores of an item, or null when the item lacks one of its key attributes. */
export function indexed(table: TableDefinition, index: IndexDefinition, item: Item): Item | null {
  const keys = keyNames(index.KeySchema);
  if (keys.some((name) => item[name] === undefined)) return null;
  const { ProjectionType, NonKeyAttributes = [] } = index.Projection;
  if (ProjectionType === 'ALL') return item;
  const names = new Set([...keyNames(table.KeySchema), ...keys, ...NonKeyAttributes]);
  return pick(item, [...names]);
}

/** Throws when an item lacks its key, or a key attribute of the table or an index has the wrong type. */
export function checkItem(table: TableDefinition, item: Item): void {
  throwIfInvalid(db.validateItem(item, table));
  for (const index of table.GlobalSecondaryIndexes) {
    for (const name of keyNames(index.KeySchema)) {
      const value = item[name];
      if (value === undefined || !Object.values(value).includes('')) continue;
      throw validationError(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index.IndexName}, IndexKey: ${name}`,
      );
    }
  }
}

export function checkKey(table: TableDefinition, key: Item): void {
  throwIfInvalid(db.validateKey(key, table));
}

import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { inUse, notFound, validationError } from './failures.ts';
import type { ItemStore } from './itemStore.ts';
import { streamArn, tableArn } from './streamRecord.ts';
import { indexesOf, type TableDefinition } from './tableDefinition.ts';
import { validateRequest } from './validateRequest.ts';

const streamSpecification = z.strictObject({
  StreamEnabled: z.boolean(),
  StreamViewType: z.enum(['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']).optional(),
});
const index = z.object({
  IndexName: z.string(),
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.string() })),
  Projection: z.object({
    ProjectionType: z.string(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
const throughput = z.object({ ReadCapacityUnits: z.number(), WriteCapacityUnits: z.number() });
const tagList = z.array(z.strictObject({ Key: z.string().min(1), Value: z.string() }));

/** Members that change nothing about how the table behaves here; they are taken and forgotten. */
const inert = {
  SSESpecification: z.unknown().optional(),
  TableClass: z.string().optional(),
  OnDemandThroughput: z.unknown().optional(),
};
const createInput = z.strictObject({
  TableName: z.string(),
  KeySchema: index.shape.KeySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  BillingMode: z.string().default('PROVISIONED'),
  ProvisionedThroughput: throughput.optional(),
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  StreamSpecification: streamSpecification.optional(),
  Tags: tagList.optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
  ...inert,
});
export type CreateTableInput = z.input<typeof createInput>;

const handled = [
  'StreamSpecification',
  'Tags',
  'DeletionProtectionEnabled',
  ...Object.keys(inert),
] as const;

/** CreateTable; the table is ACTIVE at once. */
export function createTable(store: ItemStore, input: unknown): TableDefinition {
  const checked = parse(createInput, validateRequest('CreateTable', input, handled));
  if (store.findTable(checked.TableName) !== undefined)
    throw inUse(`Table already exists: ${checked.TableName}`);
  const stream = checked.StreamSpecification;
  const table: TableDefinition = {
    TableName: checked.TableName,
    TableId: randomUUID(),
    CreationDateTime: store.now / 1000,
    KeySchema: checked.KeySchema,
    AttributeDefinitions: checked.AttributeDefinitions,
    BillingMode: checked.BillingMode,
    ...(checked.ProvisionedThroughput === undefined
      ? {}
      : { ProvisionedThroughput: checked.ProvisionedThroughput }),
    GlobalSecondaryIndexes: (checked.GlobalSecondaryIndexes ??
      []) as TableDefinition['GlobalSecondaryIndexes'],
    LocalSecondaryIndexes: (checked.LocalSecondaryIndexes ??
      []) as TableDefinition['LocalSecondaryIndexes'],
    ...streamOf(stream, store.now),
    deletionProtection: checked.DeletionProtectionEnabled ?? false,
    tags: Object.fromEntries((checked.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
  store.saveTable(table);
  return table;
}

const streamOf = (
  stream: z.infer<typeof streamSpecification> | undefined,
  now: number,
): Pick<TableDefinition, 'streamViewType' | 'streamLabel'> =>
  stream?.StreamEnabled === true
    ? {
        streamViewType: stream.StreamViewType ?? 'NEW_AND_OLD_IMAGES',
        streamLabel: new Date(now).toISOString().slice(0, -1),
      }
    : {};

const updateInput = z.strictObject({
  TableName: z.string(),
  AttributeDefinitions: createInput.shape.AttributeDefinitions.optional(),
  BillingMode: z.enum(['PROVISIONED', 'PAY_PER_REQUEST']).optional(),
  ProvisionedThroughput: throughput.optional(),
  StreamSpecification: streamSpecification.optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
  GlobalSecondaryIndexUpdates: z
    .array(
      z.strictObject({
        Create: index.optional(),
        Delete: z.strictObject({ IndexName: z.string() }).optional(),
      }),
    )
    .optional(),
  ...inert,
});

/** UpdateTable: billing, stream, protection, and indexes, which are filled before it answers. */
export function updateTable(store: ItemStore, input: unknown): TableDefinition {
  const change = parse(updateInput, input);
  const table = tableOrNotFound(store, change.TableName);
  const { StreamSpecification: stream } = change;
  if (stream !== undefined && stream.StreamEnabled === (table.streamViewType !== undefined))
    throw validationError(
      `Table ${stream.StreamEnabled ? 'already has an enabled' : 'has no'} stream: ${table.TableName}`,
    );
  const { streamViewType: _view, ...withoutStream } = table;
  const updated: TableDefinition = {
    ...(stream === undefined ? table : { ...withoutStream, ...streamOf(stream, store.now) }),
    AttributeDefinitions: change.AttributeDefinitions ?? table.AttributeDefinitions,
    BillingMode: change.BillingMode ?? table.BillingMode,
    ...(change.ProvisionedThroughput === undefined
      ? {}
      : { ProvisionedThroughput: change.ProvisionedThroughput }),
    deletionProtection: change.DeletionProtectionEnabled ?? table.deletionProtection,
  };
  return withIndexes(store, updated, change.GlobalSecondaryIndexUpdates ?? []);
}

function withIndexes(
  store: ItemStore,
  table: TableDefinition,
  updates: NonNullable<z.infer<typeof updateInput>['GlobalSecondaryIndexUpdates']>,
): TableDefinition {
  let result = table;
  store.transaction(() => {
    for (const { Create, Delete } of updates) {
      const exists = (name: string): boolean =>
        indexesOf(result).some(({ IndexName }) => IndexName === name);
      if (Delete !== undefined) {
        if (!exists(Delete.IndexName)) throw notFound('Requested resource not found');
        store.emptyIndex(result, Delete.IndexName);
        const kept = result.GlobalSecondaryIndexes.filter(
          ({ IndexName }) => IndexName !== Delete.IndexName,
        );
        result = { ...result, GlobalSecondaryIndexes: kept };
      }
      if (Create === undefined) continue;
      const created = Create as TableDefinition['GlobalSecondaryIndexes'][number];
      if (exists(created.IndexName))
        throw validationError(`Attempting to create an index which already exists`);
      const defined = new Set(
        result.AttributeDefinitions.map(({ AttributeName }) => AttributeName),
      );
      const unknown = created.KeySchema.find(({ AttributeName }) => !defined.has(AttributeName));
      if (unknown !== undefined)
        throw validationError(
          `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${unknown.AttributeName}]`,
        );
      result = { ...result, GlobalSecondaryIndexes: [...result.GlobalSecondaryIndexes, created] };
      store.fillIndex(result, created);
    }
  });
  store.saveTable(result);
  return result;
}

/** DeleteTable. */
export function deleteTable(store: ItemStore, input: unknown): unknown {
  const { TableName } = validateRequest('DeleteTable', input);
  const table = tableOrNotFound(store, TableName);
  if (table.deletionProtection)
    throw validationError(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  store.dropTable(TableName);
  return { TableDescription: { ...describe(table), TableStatus: 'DELETING' } };
}

export function tableOrNotFound(store: ItemStore, name: string): TableDefinition {
  const table = store.findTable(name);
  if (table === undefined) throw notFound(`Requested resource not found: Table: ${name} not found`);
  return table;
}

/** DescribeTable's `Table`. */
export function describe(table: TableDefinition): object {
  const onDemand = table.BillingMode === 'PAY_PER_REQUEST';
  const arn = tableArn(table.TableName);
  const throughputOf = table.ProvisionedThroughput ?? {
    ReadCapacityUnits: 0,
    WriteCapacityUnits: 0,
  };
  const indexes = (list: TableDefinition['GlobalSecondaryIndexes'], global: boolean): object[] =>
    list.map((entry) => ({
      ...entry,
      IndexArn: `${arn}/index/${entry.IndexName}`,
      ...(global ? { IndexStatus: 'ACTIVE', ProvisionedThroughput: throughputOf } : {}),
    }));
  const { GlobalSecondaryIndexes: global, LocalSecondaryIndexes: local } = table;
  return {
    TableName: table.TableName,
    TableArn: arn,
    TableId: table.TableId,
    TableStatus: 'ACTIVE',
    CreationDateTime: table.CreationDateTime,
    KeySchema: table.KeySchema,
    AttributeDefinitions: table.AttributeDefinitions,
    ProvisionedThroughput: { ...throughputOf, NumberOfDecreasesToday: 0 },
    ...(onDemand ? { BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } } : {}),
    ...(global.length === 0 ? {} : { GlobalSecondaryIndexes: indexes(global, true) }),
    ...(local.length === 0 ? {} : { LocalSecondaryIndexes: indexes(local, false) }),
    ...(table.streamViewType === undefined
      ? {}
      : {
          StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamViewType },
          LatestStreamArn: streamArn(table),
          LatestStreamLabel: table.streamLabel,
        }),
    DeletionProtectionEnabled: table.deletionProtection,
  };
}

/** ListTables. */
export function listTables(store: ItemStore, input: unknown): unknown {
  const { ExclusiveStartTableName: after = '', Limit = 100 } = validateRequest('ListTables', input);
  const names = store.tableNames().filter((name) => name > after);
  const page = names.slice(0, Limit);
  return {
    TableNames: page,
    ...(names.length > page.length ? { LastEvaluatedTableName: page.at(-1) } : {}),
  };
}

const arnInput = z.object({ ResourceArn: z.string() });

/** TagResource, UntagResource, ListTagsOfResource. */
export const tagOperations = {
  tag(store: ItemStore, input: unknown): unknown {
    const { ResourceArn, Tags } = parse(arnInput.extend({ Tags: tagList }), input);
    const table = tableOfArn(store, ResourceArn);
    const added = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
    store.saveTable({ ...table, tags: { ...table.tags, ...added } });
    return {};
  },
  untag(store: ItemStore, input: unknown): unknown {
    const { ResourceArn, TagKeys } = parse(
      arnInput.extend({ TagKeys: z.array(z.string()) }),
      input,
    );
    const table = tableOfArn(store, ResourceArn);
    const kept = Object.entries(table.tags).filter(([key]) => !TagKeys.includes(key));
    store.saveTable({ ...table, tags: Object.fromEntries(kept) });
    return {};
  },
  list(store: ItemStore, input: unknown): unknown {
    const { tags } = tableOfArn(store, parse(arnInput, input).ResourceArn);
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};

const tableOfArn = (store: ItemStore, arn: string): TableDefinition =>
  tableOrNotFound(store, arn.split('/').pop() ?? '');

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw validationError(`1 validation error detected: ${z.prettifyError(parsed.error)}`);
}

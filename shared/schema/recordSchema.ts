import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Field } from '../lake/schema.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import {
  driftItem,
  driftItemKey,
  type KnownDrift,
  knownDrift,
  knownDriftKey,
} from './driftItem.ts';
import { newDrift, nothingKnown } from './newDrift.ts';
import { isBreaking, type SchemaDrift } from './schemaDrift.ts';
import {
  packFields,
  type SchemaVersionItem,
  schemaHash,
  schemaVersionKey,
} from './schemaVersionItem.ts';

export interface RecordSchema {
  readonly runId: string;
  readonly seq: number;
  /** The stream as it was read, before the commit. */
  readonly stream: StreamItem;
  /** Its schema after the commit. */
  readonly schema: readonly Field[];
  /** What the commit's loaders found; left out: nobody looked. */
  readonly drift?: SchemaDrift | null | undefined;
  readonly now: Date;
}

export interface RecordedSchema {
  /** Parts of the commit's transaction; none where nothing changed. */
  readonly items: readonly TransactItem[];
  /** News that break what people rely on: for `flagBreakingDrift`, before the transaction. */
  readonly breaking: SchemaDrift | null;
}

/**
 * What a commit writes down of its schema: a version where the schema is another than before, and the drift that is
 * news, in the same transaction as the table's pointer. MUST be called anew for every try of a transaction.
 */
export async function recordSchema(table: Table, input: RecordSchema): Promise<RecordedSchema> {
  const { runId, seq, stream, schema, drift, now } = input;
  const { tenant, sourceId, stream: name } = stream;
  const items: TransactItem[] = [];
  const hash = schemaHash(schema);
  if (schema.length > 0 && hash !== schemaHash(stream.schema))
    items.push({
      Put: {
        TableName: table.name,
        Item: {
          ...schemaVersionKey({ tenant, sourceId, stream: name, runId, seq }),
          ...({
            v: 1,
            tenant,
            sourceId,
            stream: name,
            runId,
            seq,
            at: now.toISOString(),
            hash,
            fields: packFields(schema),
          } satisfies SchemaVersionItem),
        },
      },
    });
  if (drift === undefined) return { items, breaking: null };
  const key = knownDriftKey(tenant, sourceId, name);
  const before = await readKnown(table, key);
  const isFiles = schema.some((field) => field.name === '_source_file');
  const { news, known } = newDrift(shown(drift, stream.schema, schema), before, isFiles);
  if (JSON.stringify(known) !== JSON.stringify(before))
    items.push({ Put: { TableName: table.name, Item: { ...key, ...known } } });
  if (news === null) return { items, breaking: null };
  const breaks = isBreaking(news);
  const at = now.toISOString();
  items.push({
    Put: {
      TableName: table.name,
      Item: {
        ...driftItemKey({ tenant, sourceId, runId, seq }),
        ...driftItem.parse({
          v: 1,
          tenant,
          sourceId,
          runId,
          seq,
          stream: name,
          at,
          isBreaking: breaks,
          drift: news,
        }),
      },
    },
  });
  return { items, breaking: breaks ? news : null };
}

/**
 * Without what is not in the table: the first load of one differs from nothing, and a part of a refresh that is kept
 * aside is shown, and told, by the commit that completes it.
 */
function shown(
  drift: SchemaDrift | null,
  before: readonly Field[],
  after: readonly Field[],
): SchemaDrift | null {
  if (drift === null || before.length === 0) return null;
  const types = new Map(after.map(({ name, type }) => [name, type]));
  return {
    ...drift,
    added: drift.added.filter(({ name, isStored }) => !isStored || types.has(name)),
    changed: drift.changed.filter(({ name, isStored, to }) => !isStored || types.get(name) === to),
  };
}

async function readKnown(table: Table, Key: { pk: string; sk: string }): Promise<KnownDrift> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key, ConsistentRead: true }),
  );
  if (Item === undefined) return nothingKnown;
  const { pk, sk, ...item } = Item;
  return knownDrift.parse(item);
}

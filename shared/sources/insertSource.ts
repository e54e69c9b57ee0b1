import { badField } from '../api/fieldErrors.ts';
import type { CreateSource } from '../api/schemas/source.ts';
import { audited } from '../audit/auditItem.ts';
import type { Connector } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { newSourceId } from '../ids.ts';
import { type Table, tenantKey } from '../table.ts';
import { transact } from '../transact.ts';
import { auditView } from './auditView.ts';
import { type Connectors, connectorOf } from './checkSettings.ts';
import { type SourceItem, sourceItemKey } from './sourceItem.ts';
import { claim, countSources, keyClaimKey, tableClaimKey } from './sourceKeys.ts';
import { withFileFormat } from './withFileFormat.ts';

/** The item a request asks for, with everything it left out. */
export function newSource(
  body: CreateSource,
  {
    tenant,
    createdBy,
    connectors,
    now,
  }: {
    readonly tenant: string;
    readonly createdBy: string;
    readonly connectors: Connectors;
    readonly now: Date;
  },
): SourceItem {
  const connector = connectorOf(connectors, body.connector);
  const at = now.toISOString();
  return {
    v: 1,
    tenant,
    sourceId: newSourceId(now),
    key: body.key,
    name: body.name,
    description: body.description,
    tags: [...new Set(body.tags)],
    collection: body.collection,
    connector: body.connector,
    config: withFileFormat(connector, body),
    secretRef: null,
    fileFormat: body.fileFormat,
    // Tables of a database are named after its streams, so its namespace must tell databases apart.
    namespace:
      body.namespace ?? (connector?.landing === false ? identifierOf(body.key) : defaultNamespace),
    table: body.table ?? identifierOf(body.key),
    syncMode: body.syncMode ?? defaultMode(connector),
    primaryKey: body.primaryKey,
    cursorField: body.cursorField,
    streams: body.streams,
    schedule: body.schedule,
    contract: body.contract,
    ...(body.rules === undefined ? {} : { rules: body.rules }),
    freshnessTargetSeconds: body.freshnessTargetSeconds,
    status: body.status,
    attention: [],
    lastRun: null,
    lastSuccessAt: null,
    recordCount: 0,
    syncCount: 0,
    createdBy,
    createdAt: at,
    updatedAt: at,
    rowVersion: 1,
  };
}

const defaultNamespace = 'default';

/** Files load once each and add up; everything else is read whole unless told otherwise. */
function defaultMode(connector: Connector | null): SourceItem['syncMode'] {
  const modes = connector?.syncModes ?? [];
  const isFiles = connector?.landing === true || connector?.openFile !== undefined;
  const usual = isFiles ? 'incremental' : 'full_refresh';
  return modes.includes(usual) ? usual : (modes[0] ?? 'full_refresh');
}

/** A key as a name that query engines take without quotes. */
export function identifierOf(key: string): string {
  const plain = key
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .slice(0, 120);
  return /^[a-z_]/.test(plain) ? plain : `t_${plain}`;
}

/** Where index 1 lists a source. */
export const listingKey = (
  tenant: string,
  sourceId: string,
): { gsi1pk: string; gsi1sk: string } => ({ gsi1pk: tenantKey(tenant), gsi1sk: sourceId });

/**
 * Stores a new source: its item, its key, its table's name, the count and the audit entry, all or none. A table
 * name that was made from the key and is taken gets a suffix. Throws `key_exists`.
 */
export async function insertSource(
  table: Table,
  source: SourceItem,
  {
    tableGiven,
    requestId,
    connectors,
    now,
  }: {
    readonly tableGiven: boolean;
    readonly requestId: string;
    readonly connectors: Connectors;
    readonly now: Date;
  },
): Promise<SourceItem> {
  const { tenant, sourceId, key } = source;
  const result = await transact(table, [
    claim(table, keyClaimKey(tenant, key), sourceId),
    claim(table, tableClaimKey(tenant, `${source.namespace}.${source.table}`), sourceId),
    {
      Put: {
        TableName: table.name,
        Item: { ...sourceItemKey(tenant, sourceId), ...listingKey(tenant, sourceId), ...source },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    countSources(table, tenant, 1),
    audited(
      table,
      {
        tenant,
        by: source.createdBy,
        requestId,
        action: 'source.created',
        subject: sourceId,
        after: auditView(source, connectors),
      },
      now,
    ),
  ]);
  if (result.done) return source;
  if (result.refused.includes(0)) throw keyExists(key);
  if (!result.refused.includes(1)) throw new Error(`source id ${sourceId} exists already`);
  if (tableGiven) throw badField(['table'], 'Another source of this tenant writes this table.');
  const renamed = { ...source, table: `${source.table}_${sourceId.slice(-6)}` };
  return insertSource(table, renamed, { tableGiven: true, requestId, connectors, now });
}

export const keyExists = (key: string): HeadgateError =>
  new HeadgateError('key_exists', `A source with the key "${key}" exists already.`, {
    facts: { key },
  });

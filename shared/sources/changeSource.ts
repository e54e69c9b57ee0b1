import { isDeepStrictEqual } from 'node:util';
import { badField } from '../api/fieldErrors.ts';
import type { ChangeSource } from '../api/schemas/source.ts';
import { audited } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import { getLock } from '../runs/lock.ts';
import { lockItemKey } from '../runs/lockItem.ts';
import { needsMaskKey } from '../schema/columnRules.ts';
import { ensureMaskKey } from '../schema/maskKey.ts';
import { type TransactItem, transact } from '../transact.ts';
import { auditView } from './auditView.ts';
import { checkSettings, connectorOf } from './checkSettings.ts';
import { requireSourceOf } from './findSource.ts';
import { unmaskConfig } from './maskConfig.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import { type SourceItem, sourceItemKey } from './sourceItem.ts';
import { claim, tableClaimKey } from './sourceKeys.ts';
import { sourceViewOf } from './sourceView.ts';
import { withFileFormat } from './withFileFormat.ts';

/** What a run reads of its source: may not change under it. */
const guarded = [
  'connector',
  'config',
  'secretRef',
  'fileFormat',
  'namespace',
  'table',
  'syncMode',
  'primaryKey',
  'cursorField',
  'streams',
  'contract',
  'rules',
] as const satisfies readonly (keyof SourceItem)[];

/** What decides where rows already loaded lie. */
const fixedOnceLoaded = ['connector', 'namespace', 'table'] as const;

const maxTries = 5;
type Changes = Partial<SourceItem>;

/**
 * Changes the fields that are given. With `rowVersion`, refused when the source was changed since
 * (`row_version_mismatch`, with `current`); without, applied to whatever is there. What a run depends on is
 * refused while one holds the lock (`sync_in_progress`).
 */
export async function changeSource(
  dependencies: SourceDependencies,
  caller: Caller,
  idOrKey: string,
  { key, rowVersion, ...sent }: ChangeSource,
): Promise<SourceItem> {
  const { connectors, schedules, secrets } = dependencies;
  // Before the settings that need it: a run must never find them without the key.
  if (sent.streams !== undefined && needsMaskKey({ streams: sent.streams }))
    await ensureMaskKey(secrets, caller.principal.tenant);
  const changed = await applyChange(dependencies, caller, idOrKey, rowVersion, (source, now) => {
    if (key !== undefined && key !== source.key)
      throw badField(['key'], 'A key cannot be changed.');
    const given = Object.fromEntries(
      Object.entries(sent).filter(([, value]) => value !== undefined),
    ) as Changes;
    if (sent.tags !== undefined) given.tags = [...new Set(sent.tags)];
    if (sent.config !== undefined)
      given.config = {
        ...unmaskConfig(
          sent.config,
          source.config,
          connectorOf(connectors, source.connector)?.config ?? null,
        ),
      };
    if (sent.fileFormat !== undefined || sent.config !== undefined || sent.connector !== undefined)
      given.config = withFileFormat(
        connectorOf(connectors, given.connector ?? source.connector),
        { config: source.config, fileFormat: source.fileFormat, ...given },
        source,
      );
    if (source.syncCount > 0)
      for (const name of fixedOnceLoaded)
        if (given[name] !== undefined && given[name] !== source[name])
          throw badField([name], 'Cannot be changed once rows are loaded: make a new source.');
    if (sent.status === 'active' && source.status !== 'active') {
      given.failuresInARow = 0;
      given.attention = source.attention.filter(({ code }) => code !== 'paused_after_failures');
    }
    checkSettings(connectors, { ...source, ...given }, now);
    return given;
  });
  // Also when nothing changed: a request that failed half way is mended by sending it again.
  if (sent.schedule !== undefined || sent.rules !== undefined || sent.status !== undefined)
    await schedules.agree(changed, dependencies.now());
  return changed;
}

/**
 * Reads a source, works out a change and stores it if the source is still as read, with its audit entry.
 * Answers the source as it is afterwards.
 */
export async function applyChange(
  dependencies: SourceDependencies,
  caller: Caller,
  idOrKey: string,
  rowVersion: number | undefined,
  change: (source: SourceItem, now: Date) => Changes,
  { always = false }: { readonly always?: boolean } = {},
): Promise<SourceItem> {
  const { table, connectors } = dependencies;
  for (let tries = 1; tries <= maxTries; tries++) {
    const now = dependencies.now();
    const source = await requireSourceOf(table, caller.principal, idOrKey);
    if (rowVersion !== undefined && rowVersion !== source.rowVersion)
      throw await versionMismatch(dependencies, source);
    const given = change(source, now);
    const names = (Object.keys(given) as (keyof SourceItem)[]).filter(
      (name) => !isDeepStrictEqual(given[name], source[name]),
    );
    if (names.length === 0 && !always) return source;
    const next: SourceItem = {
      ...source,
      ...Object.fromEntries(names.map((name) => [name, given[name]])),
      updatedAt: now.toISOString(),
      rowVersion: source.rowVersion + 1,
    };
    const pick = (from: SourceItem): Changes => ({
      connector: from.connector,
      ...Object.fromEntries(names.map((name) => [name, from[name]])),
    });
    const checksLock = always || guarded.some((name) => names.includes(name));
    const { tenant, sourceId } = source;
    const items: TransactItem[] = [
      updateOf(dependencies, source, next, names),
      audited(
        table,
        {
          tenant,
          by: caller.principal.tokenId,
          requestId: caller.requestId,
          action: always ? 'credentials.replaced' : 'source.changed',
          subject: sourceId,
          before: auditView(pick(source), connectors),
          after: auditView(pick(next), connectors),
        },
        now,
      ),
      ...(checksLock ? [lockIsFree(dependencies, source)] : []),
      ...(names.includes('table') || names.includes('namespace')
        ? [
            claim(table, tableClaimKey(tenant, `${next.namespace}.${next.table}`), sourceId),
            {
              Delete: {
                TableName: table.name,
                Key: tableClaimKey(tenant, `${source.namespace}.${source.table}`),
              },
            },
          ]
        : []),
    ];
    const result = await transact(table, items);
    if (result.done) return next;
    if (result.refused.includes(0)) continue;
    if (checksLock && result.refused.includes(2)) throw await syncInProgress(dependencies, source);
    throw badField(['table'], 'Another source of this tenant writes this table.');
  }
  throw new HeadgateError('service_unavailable', 'The source kept changing. Try again.', {
    retryAfterSeconds: 1,
  });
}

function updateOf(
  { table }: SourceDependencies,
  source: SourceItem,
  next: SourceItem,
  names: readonly (keyof SourceItem)[],
): TransactItem {
  const all = [...names, 'updatedAt', 'rowVersion'] as const;
  return {
    Update: {
      TableName: table.name,
      Key: sourceItemKey(source.tenant, source.sourceId),
      UpdateExpression: `SET ${all.map((name) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: '#rowVersion = :before',
      ExpressionAttributeNames: Object.fromEntries(all.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(all.map((name) => [`:${name}`, next[name]])),
        ':before': source.rowVersion,
      },
    },
  };
}

/** Part of a transaction: refused while a run holds the source. */
const lockIsFree = (
  { table }: Pick<SourceDependencies, 'table'>,
  { tenant, sourceId }: SourceItem,
): TransactItem => ({
  ConditionCheck: {
    TableName: table.name,
    Key: lockItemKey(tenant, sourceId),
    ConditionExpression: 'attribute_not_exists(#owner)',
    ExpressionAttributeNames: { '#owner': 'owner' },
  },
});

/** 409 with the run that is in the way. */
export async function syncInProgress(
  { table }: Pick<SourceDependencies, 'table'>,
  { tenant, sourceId }: SourceItem,
): Promise<HeadgateError> {
  const runId = (await getLock(table, tenant, sourceId))?.owner?.runId;
  return new HeadgateError(
    'sync_in_progress',
    'A run holds this source. Wait for it, or cancel it.',
    { facts: runId === undefined ? {} : { runId } },
  );
}

async function versionMismatch(
  dependencies: SourceDependencies,
  source: SourceItem,
): Promise<HeadgateError> {
  const { table, connectors, secretPrefix } = dependencies;
  const lock = await getLock(table, source.tenant, source.sourceId);
  return new HeadgateError(
    'row_version_mismatch',
    `The source is at rowVersion ${source.rowVersion}. Read it and try again.`,
    {
      facts: {
        current: sourceViewOf(source, lock ?? undefined, {
          now: dependencies.now(),
          connectors,
          secretPrefix,
        }),
      },
    },
  );
}

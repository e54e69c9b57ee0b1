import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { badField } from '../api/fieldErrors.ts';
import { requireAllSources } from '../api/principal.ts';
import type { CreateSource } from '../api/schemas/source.ts';
import type { Connector } from '../connectors/connector.ts';
import { needsMaskKey } from '../schema/columnRules.ts';
import { ensureMaskKey } from '../schema/maskKey.ts';
import { checkSecretRef } from '../secrets/secretStore.ts';
import type { Table } from '../table.ts';
import { checkConfig, checkCredentials, checkSettings, connectorOf } from './checkSettings.ts';
import { insertSource, keyExists, newSource } from './insertSource.ts';
import { oauthClientIdOf } from './oauthApps.ts';
import { type ProbeSubject, requireConnected } from './probe.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import type { SecretRef, SourceItem } from './sourceItem.ts';
import { keyClaimKey } from './sourceKeys.ts';

/**
 * Registers a source. Credentials are tried before anything is stored, unless `verify` is false, and go into
 * Secrets Manager before the source that names them exists, so that no source ever names a missing secret; if the
 * source then cannot be stored, secret and schedule go again.
 */
export async function createSource(
  dependencies: SourceDependencies,
  { principal, requestId, signal }: Caller,
  body: CreateSource,
  { verify }: { readonly verify: boolean },
): Promise<SourceItem> {
  requireAllSources(principal);
  const { table, connectors, secrets, secretPrefix, schedules } = dependencies;
  const { tenant } = principal;
  const now = dependencies.now();
  const { credentials, secretRef } = body;
  if (credentials !== undefined && secretRef !== undefined)
    throw badField(['secretRef'], 'Either `credentials` or `secretRef`.');
  if (secretRef !== undefined) checkSecretRef(secretRef, secretPrefix, tenant);
  const source = newSource(body, { tenant, createdBy: principal.tokenId, connectors, now });
  const connector = connectorOf(connectors, body.connector);
  if (credentials !== undefined) {
    if (connector === null) throw badField(['connector'], 'Credentials need a connector.');
    checkCredentials(connector, credentials);
  }
  const given: SecretRef | null = secretRef ?? (credentials === undefined ? null : { arn: '' });
  checkSettings(connectors, { ...source, secretRef: given }, now);
  await requireFreeKey(table, tenant, body.key);
  if (needsMaskKey(source)) await ensureMaskKey(secrets, tenant);
  if (verify && connector !== null && !connector.landing)
    if (given !== null || source.status !== 'draft')
      await verifyConnection(dependencies, connector, signal, {
        tenant,
        connector: connector.name,
        config: source.config,
        ...(credentials === undefined ? {} : { credentials }),
        ...(secretRef === undefined ? {} : { secretRef }),
      });
  const made =
    credentials === undefined ? null : await secrets.create(tenant, source.sourceId, credentials);
  const app = credentials === undefined ? null : oauthClientIdOf(connector, credentials);
  try {
    // Before the source: its trigger skips a source that does not exist, and nothing is half made afterwards.
    const isScheduled = source.schedule !== null || source.rules?.detectDeletes != null;
    if (isScheduled) await schedules.agree(source, now);
    return await insertSource(
      table,
      {
        ...source,
        secretRef: made ?? secretRef ?? null,
        ...(app === null ? {} : { oauthClientId: app }),
      },
      { tableGiven: body.table !== undefined, requestId, connectors, now },
    );
  } catch (error) {
    await Promise.allSettled([
      made === null ? undefined : secrets.remove(made),
      schedules.remove(source.sourceId),
    ]);
    throw error;
  }
}

/** Saves a secret and a probe in the usual case; the transaction decides. */
async function requireFreeKey(table: Table, tenant: string, key: string): Promise<void> {
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: keyClaimKey(tenant, key),
      ConsistentRead: true,
    }),
  );
  if (Item !== undefined) throw keyExists(key);
}

/** Throws what the source answers, when it does not let these credentials in. */
export async function verifyConnection(
  { probe }: Pick<SourceDependencies, 'probe'>,
  connector: Connector,
  signal: AbortSignal,
  subject: ProbeSubject,
): Promise<void> {
  checkConfig(connector, subject.config, true);
  requireConnected(await probe.check(subject, signal));
}

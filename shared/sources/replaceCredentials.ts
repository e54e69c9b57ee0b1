import type * as z from 'zod';
import { badField } from '../api/fieldErrors.ts';
import { requireAllSources } from '../api/principal.ts';
import type { replaceCredentials as replaceCredentialsBody } from '../api/schemas/source.ts';
import { getLock } from '../runs/lock.ts';
import { checkSecretRef, isOwnSecret } from '../secrets/secretStore.ts';
import { applyChange, syncInProgress } from './changeSource.ts';
import { checkCredentials, connectorOf } from './checkSettings.ts';
import { verifyConnection } from './createSource.ts';
import { requireSourceOf } from './findSource.ts';
import { oauthClientIdOf } from './oauthApps.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import type { SourceItem } from './sourceItem.ts';

/**
 * Replaces what a source signs in with, after trying it. The secret itself is written last: until then the old
 * credentials stay in use.
 */
export async function replaceCredentials(
  dependencies: SourceDependencies,
  caller: Caller,
  idOrKey: string,
  { credentials, secretRef, rowVersion }: z.infer<typeof replaceCredentialsBody>,
  { verify }: { readonly verify: boolean },
): Promise<SourceItem> {
  const { table, connectors, secrets, secretPrefix } = dependencies;
  const { tenant } = caller.principal;
  const source = await requireSourceOf(table, caller.principal, idOrKey);
  const connector = connectorOf(connectors, source.connector);
  if (connector === null) throw badField(['credentials'], 'The source has no connector yet.');
  if (secretRef !== undefined) {
    // Else a token of one source could borrow the credentials of another.
    requireAllSources(caller.principal);
    checkSecretRef(secretRef, secretPrefix, tenant);
  }
  if (credentials !== undefined) checkCredentials(connector, credentials);
  const lock = await getLock(table, tenant, source.sourceId);
  if (lock?.owner !== undefined) throw await syncInProgress(dependencies, source);
  if (verify)
    await verifyConnection(dependencies, connector, caller.signal, {
      tenant,
      connector: connector.name,
      config: source.config,
      ...(credentials === undefined ? {} : { credentials }),
      ...(secretRef === undefined ? {} : { secretRef }),
    });
  const old = source.secretRef;
  const owned = old !== null && isOwnSecret(old, secretPrefix, tenant, source.sourceId);
  const made =
    credentials !== undefined && !owned
      ? await secrets.create(tenant, source.sourceId, credentials)
      : null;
  const next = secretRef ?? made ?? old;
  const app = credentials === undefined ? null : oauthClientIdOf(connector, credentials);
  let changed: SourceItem;
  try {
    changed = await applyChange(
      dependencies,
      caller,
      source.sourceId,
      rowVersion,
      ({ oauthClientId = null }) => ({
        secretRef: next,
        ...(app === oauthClientId ? {} : { oauthClientId: app }),
      }),
      { always: true },
    );
  } catch (error) {
    if (made !== null) await secrets.remove(made);
    throw error;
  }
  if (credentials !== undefined && made === null && old !== null)
    await secrets.replace(old, credentials);
  if (secretRef !== undefined && owned) await secrets.remove(old);
  return changed;
}

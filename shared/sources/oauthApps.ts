import type * as z from 'zod';
import type { Principal } from '../api/principal.ts';
import type { oauthApp } from '../api/schemas/oauth.ts';
import type { Connector } from '../connectors/connector.ts';
import type { Json } from '../json.ts';
import type { Table } from '../table.ts';
import type { Connectors } from './checkSettings.ts';
import { eachSource } from './listSources.ts';

/**
 * The client id among credentials of somebody who connected, or entered a refresh token; null for every other way to sign
 * in, such as a key.
 */
export function oauthClientIdOf(
  connector: Connector | null,
  credentials: Readonly<Record<string, Json>>,
): string | null {
  const connect = connector?.connect;
  if (connect === undefined || typeof credentials[connect.refreshToken] !== 'string') return null;
  const clientId = credentials[connect.clientId];
  return typeof clientId === 'string' ? clientId : null;
}

export interface ListedApp {
  /** Unique; the order of the list. */
  readonly position: string;
  readonly entry: z.infer<typeof oauthApp>;
}

/**
 * Apps at vendors that the tenant's sources are connected by. Known from the sources: secrets are not read, so what signs in
 * with a shared secret is not among them. Memory grows with the number of sources that are connected.
 */
export async function listOAuthApps(
  table: Table,
  principal: Principal,
  connectors: Connectors,
): Promise<readonly ListedApp[]> {
  const found = new Map<string, ListedApp>();
  for await (const { source } of eachSource(table, principal)) {
    const { connector, oauthClientId = null, sourceId, key } = source;
    if (oauthClientId === null) continue;
    const position = `${connector}\n${oauthClientId}`;
    const vendor = connectors.find(({ name }) => name === connector)?.title ?? connector;
    const app = found.get(position) ?? {
      position,
      entry: { clientId: oauthClientId, connector, vendor, usedBy: [] },
    };
    app.entry.usedBy.push({ sourceId, sourceKey: key });
    found.set(position, app);
  }
  return [...found.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
}

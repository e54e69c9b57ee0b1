import type * as z from 'zod';
import type { Principal } from '../api/principal.ts';
import type { secretEntry } from '../api/schemas/source.ts';
import { isOwnSecret, secretNameOf } from '../secrets/secretStore.ts';
import type { Table } from '../table.ts';
import { eachSource } from './listSources.ts';

export interface ListedSecret {
  /** Unique; the order of the list. */
  readonly position: string;
  readonly entry: z.infer<typeof secretEntry>;
}

/**
 * Which secrets the tenant's sources use, by name. Read from the sources: Headgate never lists or reads secrets
 * themselves. Memory grows with the number of sources that have credentials, by their names only.
 */
export async function listSecrets(
  table: Table,
  principal: Principal,
  prefix: string,
): Promise<readonly ListedSecret[]> {
  const found = new Map<string, ListedSecret>();
  for await (const { source } of eachSource(table, principal)) {
    const { secretRef, tenant, sourceId, key } = source;
    if (secretRef === null) continue;
    const name = secretNameOf(secretRef, prefix, tenant) ?? '';
    const jsonKey = secretRef.jsonKey ?? null;
    const position = `${name}\n${jsonKey ?? ''}`;
    const listed = found.get(position) ?? {
      position,
      entry: {
        name,
        jsonKey,
        shared: !isOwnSecret(secretRef, prefix, tenant, sourceId),
        usedBy: [],
      },
    };
    listed.entry.usedBy.push({ sourceId, sourceKey: key });
    found.set(position, listed);
  }
  return [...found.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
}

import type { HeadgateEvent } from '../events.ts';
import type { Log } from '../log.ts';
import type { Table } from '../table.ts';
import { type Connection, connectionsOf, forgetConnection } from './connections.ts';
import { eventMessages, rangesOf } from './eventMessages.ts';
import type { Sockets } from './sockets.ts';

export interface TellDependencies {
  readonly table: Table;
  readonly sockets: Sockets;
  readonly now: () => Date;
  readonly log: Log;
}

/** Connections told at a time. */
const atATime = 20;

/**
 * Tells a tenant's connections of numbered events, in the order of their numbers. A connection that is gone, or whose
 * token is over, is forgotten. One that cannot be reached is left alone: it finds the gap by itself, with the next
 * message or its next ping, so nothing here fails a publisher.
 */
export async function tellConnections(
  dependencies: TellDependencies,
  tenant: string,
  events: readonly HeadgateEvent[],
): Promise<void> {
  let group: Connection[] = [];
  const tell = async (): Promise<void> => {
    await Promise.all(group.map((connection) => tellOne(dependencies, connection, events)));
    group = [];
  };
  for await (const connection of connectionsOf(dependencies.table, tenant)) {
    group.push(connection);
    if (group.length === atATime) await tell();
  }
  await tell();
}

async function tellOne(
  { table, sockets, now, log }: TellDependencies,
  connection: Connection,
  events: readonly HeadgateEvent[],
): Promise<void> {
  const { connectionId, validUntil } = connection;
  try {
    if (validUntil !== null && Date.parse(validUntil) <= now().getTime()) {
      await sockets.close(connectionId);
      await forgetConnection(table, connection);
      return;
    }
    for (const { after, upTo, events: some } of rangesOf(events))
      for (const message of eventMessages(after, upTo, some.filter(isFor(connection))))
        if (!(await sockets.send(connectionId, message))) {
          await forgetConnection(table, connection);
          return;
        }
  } catch (error) {
    log.warn('a connection was not told', { tenant: connection.tenant, connectionId, error });
  }
}

/** Whether a connection, or a token, may hear of an event. */
export const isFor =
  ({ sources }: { readonly sources: readonly string[] | null }) =>
  ({ sourceId }: Pick<HeadgateEvent, 'sourceId'>): boolean =>
    sources === null || sources.includes(sourceId);

/** Ends the connections of a token that was revoked. */
export async function closeConnectionsOf(
  { table, sockets, log }: TellDependencies,
  tenant: string,
  tokenId: string,
): Promise<void> {
  for await (const connection of connectionsOf(table, tenant)) {
    if (connection.tokenId !== tokenId) continue;
    await sockets.close(connection.connectionId);
    await forgetConnection(table, connection);
    log.info('connection of a revoked token closed', { tenant, tokenId });
  }
}

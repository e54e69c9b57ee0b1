import * as z from 'zod';
import {
  forgetConnection,
  getConnection,
  saveConnection,
} from '../../shared/events/connections.ts';
import { readHead } from '../../shared/events/eventItem.ts';
import { eventMessages } from '../../shared/events/eventMessages.ts';
import { readEvents } from '../../shared/events/readEvents.ts';
import { isFor, type TellDependencies } from '../../shared/events/tellConnections.ts';
import { type ClientMessage, clientMessage } from '../../shared/events.ts';
import { type AuthorizeDependencies, authorize } from '../../shared/tokens/authorize.ts';

export interface Dependencies
  extends TellDependencies,
    Omit<AuthorizeDependencies, 'onUseNotNoted'> {}

/** What Headgate reads of a WebSocket API's events. */
const socketEvent = z.object({
  requestContext: z.object({
    eventType: z.enum(['CONNECT', 'MESSAGE', 'DISCONNECT']),
    connectionId: z.string(),
  }),
  body: z.string().optional(),
});

const ok = { statusCode: 200 } as const;
const eventsPerPage = 200;
/** A replay stops here; the client knows the head, and asks for the rest. */
const pagesPerReplay = 25;

/**
 * The server's side of a WebSocket connection. Anybody may connect; nothing is told before a `hello` with a valid token,
 * and a wrong one ends the connection. The token comes in a message because URLs and headers are logged on the way.
 */
export const makeHandler =
  (dependencies: Dependencies) =>
  async (raw: unknown): Promise<{ readonly statusCode: number }> => {
    const { requestContext, body = '' } = socketEvent.parse(raw);
    const { connectionId, eventType } = requestContext;
    const { table, sockets } = dependencies;
    if (eventType === 'DISCONNECT') {
      const known = await getConnection(table, connectionId);
      if (known !== null) await forgetConnection(table, known);
    }
    if (eventType !== 'MESSAGE') return ok;
    const message = messageIn(body);
    if (message === null)
      await sockets.send(connectionId, {
        type: 'error',
        code: 'validation_failed',
        detail: 'Send a JSON object with `action`: hello, replay or ping.',
      });
    else await answer(dependencies, connectionId, message);
    return ok;
  };

function messageIn(body: string): ClientMessage | null {
  try {
    return clientMessage.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}

async function answer(
  dependencies: Dependencies,
  connectionId: string,
  message: ClientMessage,
): Promise<void> {
  if (message.action === 'hello') return welcome(dependencies, connectionId, message);
  const { table, sockets, now } = dependencies;
  const known = await getConnection(table, connectionId);
  if (known === null || (known.validUntil !== null && Date.parse(known.validUntil) <= +now()))
    return refuse(dependencies, connectionId, 'Send `hello` with a token first.');
  if (message.action === 'ping') {
    const head = await readHead(table, known.tenant);
    await sockets.send(connectionId, { type: 'pong', head });
  } else await replay(dependencies, known, message.after);
}

async function welcome(
  dependencies: Dependencies,
  connectionId: string,
  { token, after }: Extract<ClientMessage, { action: 'hello' }>,
): Promise<void> {
  const { table, sockets, now, log } = dependencies;
  const who = await authorize(
    {
      ...dependencies,
      onUseNotNoted: (error) => log.warn('last use of a token not noted', { error }),
    },
    `Bearer ${token}`,
  );
  if ('refused' in who) return refuse(dependencies, connectionId, who.refused);
  const { tenant, tokenId, validUntil = null } = who;
  const sources = who.sources === '' ? null : who.sources.split(',');
  const connection = { tenant, connectionId, tokenId, sources, validUntil };
  // From here on it is told what happens; what it is told twice, it knows by the number.
  await saveConnection(table, connection, now());
  const head = await readHead(table, tenant);
  if (!(await sockets.send(connectionId, { type: 'hello', tenant, head }))) return;
  await replay(dependencies, connection, after ?? head);
}

async function refuse(
  { table, sockets }: Dependencies,
  connectionId: string,
  detail: string,
): Promise<void> {
  await sockets.send(connectionId, { type: 'error', code: 'unauthorized', detail });
  await sockets.close(connectionId);
  const known = await getConnection(table, connectionId);
  if (known !== null) await forgetConnection(table, known);
}

async function replay(
  { table, sockets }: Dependencies,
  connection: {
    readonly tenant: string;
    readonly connectionId: string;
    readonly sources: readonly string[] | null;
  },
  from: number,
): Promise<void> {
  const { tenant, connectionId } = connection;
  let after = from;
  for (let pages = 1; pages <= pagesPerReplay; pages++) {
    const wants = isFor(connection);
    const page = await readEvents(table, tenant, { after, limit: eventsPerPage, wants });
    if (page.lost) {
      await sockets.send(connectionId, { type: 'reset', head: page.head });
      return;
    }
    if (page.upTo > after)
      for (const message of eventMessages(after, page.upTo, page.events))
        if (!(await sockets.send(connectionId, message))) return;
    after = page.upTo;
    if (after === page.head) break;
  }
  await sockets.send(connectionId, { type: 'live', upTo: after });
}

import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/webSocket/handler.ts';
import { getConnection } from '../../../shared/events/connections.ts';
import { eventKey } from '../../../shared/events/eventItem.ts';
import type { ServerMessage } from '../../../shared/events.ts';
import { newSourceId } from '../../../shared/ids.ts';
import { signedIn } from '../../../shared/people/signedIn.ts';
import { createToken } from '../../../shared/tokens/tokens.ts';
import { eventWorld, runOf, runRecord } from '../eventPublisher/eventWorld.ts';

let world: Awaited<ReturnType<typeof eventWorld>>;
let handler: ReturnType<typeof makeHandler>;
beforeAll(async () => {
  world = await eventWorld();
  handler = makeHandler({
    ...world.tell,
    bootstrapToken: async () => 'hg_bootstrap',
    people: signedIn({ providers: [], fetch, now: world.tell.now }),
  });
});
afterAll(() => world[Symbol.asyncDispose]());

let ids = 0;
/** A connection, and what it is sent. */
function client() {
  ids += 1;
  const connectionId = `client${ids}`;
  const event = (eventType: string, body?: unknown) =>
    handler({
      requestContext: { eventType, connectionId },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    connectionId,
    event,
    say: (body: unknown) => event('MESSAGE', body),
    heard: (): readonly ServerMessage[] =>
      world.sent.filter((one) => one.connectionId === connectionId).map(({ message }) => message),
  };
}
const tokenOf = (
  tenant: string,
  sources: readonly string[] | null = null,
  validUntil: Date | null = null,
) =>
  createToken(
    world.table,
    { tenant, name: 'n', role: 'viewer', sources, validUntil, createdBy: 'tests' },
    'request',
    world.clock.at,
  );
const publish = (tenant: string, ...sources: readonly string[]) =>
  world.publish(...sources.map((sourceId) => runRecord(null, runOf(tenant, sourceId))));

it('tells nothing before a valid token, and ends the connection after a wrong one', async () => {
  const { connectionId, event, say, heard } = client();
  await event('CONNECT');
  await say({ action: 'replay', after: 0 });
  expect(heard()).toMatchObject([{ type: 'error', code: 'unauthorized' }]);
  await say({ action: 'hello', token: 'hg_wrong' });
  expect(heard()).toHaveLength(2);
  expect(world.closed.filter((id) => id === connectionId)).toHaveLength(2);
  expect(await getConnection(world.table, connectionId)).toBeNull();
  expect(world.lines.join()).not.toContain('hg_wrong');
});

it('answers what is no message of ours with an error, and stays', async () => {
  const { connectionId, say, heard } = client();
  for (const body of ['', 'x', '[]', '{"action":"dance"}', { action: 'hello' }]) await say(body);
  expect(heard().map((message) => 'code' in message && message.code)).toEqual(
    Array(5).fill('validation_failed'),
  );
  expect(world.closed).not.toContain(connectionId);
});

it('welcomes with the newest number, and tells what came after the client’s', async () => {
  const sources = [1, 2, 3].map(() => newSourceId(new Date()));
  await publish('acme', ...sources);
  const { text } = await tokenOf('acme');
  const fresh = client();
  await fresh.say({ action: 'hello', token: text });
  expect(fresh.heard()).toEqual([
    { type: 'hello', tenant: 'acme', head: 3 },
    { type: 'live', upTo: 3 },
  ]);
  const back = client();
  await back.say({ action: 'hello', token: text, after: 1 });
  expect(back.heard()).toMatchObject([
    { type: 'hello', head: 3 },
    { type: 'events', after: 1, upTo: 3, events: [{ seq: 2 }, { seq: 3 }] },
    { type: 'live', upTo: 3 },
  ]);
  await back.say({ action: 'ping' });
  expect(back.heard().at(-1)).toEqual({ type: 'pong', head: 3 });
});

it('replays for a token of one source the whole range and that source’s events only', async () => {
  const [mine = '', other = ''] = [1, 2].map(() => newSourceId(new Date()));
  await publish('limited', other, mine, other);
  const { text } = await tokenOf('limited', [mine]);
  const { say, heard } = client();
  await say({ action: 'hello', token: text, after: 0 });
  expect(heard()[1]).toMatchObject({ after: 0, upTo: 3, events: [{ sourceId: mine, seq: 2 }] });
});

it('replays thousands of events in messages that API Gateway takes', async () => {
  const sourceId = newSourceId(new Date());
  for (let batch = 0; batch < 10; batch++)
    await publish('busy', ...Array.from({ length: 60 }, () => sourceId));
  const { text } = await tokenOf('busy');
  const { say, heard } = client();
  await say({ action: 'hello', token: text, after: 0 });
  const messages = heard();
  const events = messages.flatMap((message) => (message.type === 'events' ? message.events : []));
  expect(events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: 600 }, (_, index) => index + 1),
  );
  for (const message of messages)
    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(128 * 1024);
});

it('says so when what came after the client’s number is no longer kept', async () => {
  await publish('forgetful', ...[1, 2, 3].map(() => newSourceId(new Date())));
  await world.table.client.send(
    new DeleteCommand({ TableName: world.table.name, Key: eventKey('forgetful', 1) }),
  );
  const { text } = await tokenOf('forgetful');
  for (const after of [0, 99]) {
    const { say, heard } = client();
    await say({ action: 'hello', token: text, after });
    expect(heard()[1]).toEqual({ type: 'reset', head: 3 });
  }
});

it('forgets a connection that ends, and refuses one whose token expired meanwhile', async () => {
  const { text } = await tokenOf('acme', null, new Date(world.clock.at.getTime() + 1000));
  const { connectionId, event, say, heard } = client();
  await say({ action: 'hello', token: text });
  world.clock.at = new Date(world.clock.at.getTime() + 2000);
  await say({ action: 'ping' });
  expect(heard().at(-1)).toMatchObject({ type: 'error', code: 'unauthorized' });
  const other = client();
  await other.say({ action: 'hello', token: 'hg_bootstrap' });
  expect(await getConnection(world.table, other.connectionId)).toMatchObject({ tenant: 'default' });
  await other.event('DISCONNECT');
  await event('DISCONNECT');
  for (const id of [connectionId, other.connectionId])
    expect(await getConnection(world.table, id)).toBeNull();
});

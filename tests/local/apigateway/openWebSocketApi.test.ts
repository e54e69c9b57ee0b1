import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, expect, it } from 'vitest';
import { openWebSocketApi } from '../../../local/apigateway/openWebSocketApi.ts';
import { eventually } from '../../eventually.ts';
import { localClientConfig } from '../hostServices.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Call {
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly body: unknown;
}

/** A WebSocket API on a port, and its management API on the same one, as AWS SDK clients use it. */
async function host(answers: (call: Call) => unknown = () => ({ statusCode: 200 }), more = {}) {
  const calls: Call[] = [];
  const api = openWebSocketApi({
    apiId: 'api',
    stage: 'live',
    routes: { $connect: 'on', $disconnect: 'off', $default: 'any', wave: 'wave' },
    invoke: async (name, payload) => {
      const { requestContext, body } = payload as {
        requestContext: { eventType: string; connectionId: string };
        body?: unknown;
      };
      const call = { name, type: requestContext.eventType, id: requestContext.connectionId, body };
      calls.push(call);
      return answers(call);
    },
    ...more,
  });
  const server = createServer((request, response) => {
    if (api.connections.accepts(request)) void api.connections.handle(request, response);
    else response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!api.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new ApiGatewayManagementApiClient({
    ...localClientConfig,
    endpoint: `http://127.0.0.1:${port}/live`,
    maxAttempts: 1,
  });
  closers.push(async () => {
    client.destroy();
    await api.connections.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { calls, client, url: `ws://127.0.0.1:${port}/live` };
}
const opened = async (url: string): Promise<{ socket: WebSocket; heard: string[] }> => {
  const socket = new WebSocket(url);
  const heard: string[] = [];
  socket.onmessage = ({ data }) => void heard.push(String(data));
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('refused'));
  });
  return { socket, heard };
};

it('hands a connection’s coming, messages by their action, and going to the functions, in order', async () => {
  const { calls, url } = await host();
  const { socket } = await opened(url);
  socket.send('{"action":"wave"}');
  socket.send('no json');
  socket.close();
  await eventually(() => expect(calls).toHaveLength(4));
  expect(calls.map(({ name, type, body }) => [name, type, body])).toEqual([
    ['on', 'CONNECT', undefined],
    ['wave', 'MESSAGE', '{"action":"wave"}'],
    ['any', 'MESSAGE', 'no json'],
    ['off', 'DISCONNECT', undefined],
  ]);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
});

it('posts to a connection, tells of it and ends it, for the AWS SDK', async () => {
  const { calls, client, url } = await host();
  const { socket, heard } = await opened(url);
  const ConnectionId = calls[0]?.id ?? '';
  await client.send(new PostToConnectionCommand({ ConnectionId, Data: '{"grüße":1}' }));
  await eventually(() => expect(heard).toEqual(['{"grüße":1}']));
  const { ConnectedAt } = await client.send(new GetConnectionCommand({ ConnectionId }));
  expect(Math.abs(Date.now() - Number(ConnectedAt))).toBeLessThan(60_000);
  await client.send(new DeleteConnectionCommand({ ConnectionId }));
  await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
  const late = client.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }));
  await expect(late).rejects.toThrow(GoneException);
});

it('refuses a connection that the function refuses, and other paths', async () => {
  const { url } = await host(() => ({ statusCode: 403 }));
  await expect(opened(url)).rejects.toThrow('refused');
  await expect(opened(`${url}/elsewhere`)).rejects.toThrow('refused');
});

it('tells a client whose message failed, and stays', async () => {
  const { url } = await host(({ type }) => {
    if (type === 'MESSAGE') return { statusCode: 500 };
    return { statusCode: 200 };
  });
  const { socket, heard } = await opened(url);
  socket.send('x');
  await eventually(() => expect(heard[0]).toContain('Internal server error'));
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

it('ends what is silent, and what is open for too long', async () => {
  for (const limit of ['idleMilliseconds', 'longestMilliseconds']) {
    const { url } = await host(undefined, { [limit]: 50 });
    const { socket } = await opened(url);
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
  }
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startHttpServer } from './httpServer.ts';

it('lets a client go that goes away half way', async () => {
  const given = Promise.withResolvers<unknown>();
  await using server = await startHttpServer((request) => {
    const body = text(request);
    body.catch(given.resolve);
    return body;
  });
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf');
  await expect.poll(() => server.requests.length).toBe(1);
  socket.destroy();
  expect(await given.promise).toMatchObject({ code: 'ECONNRESET' });
});

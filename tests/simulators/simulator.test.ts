import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startSimulator } from './simulator.ts';

const origin = 'https://vendor.example';
const begin = (answer: () => { body: string }) =>
  startSimulator({
    origins: [origin],
    check: null,
    routes: [{ method: 'POST', path: '/things', answer }],
    refuse: () => null,
    throttled: () => ({ status: 429, body: 'slower' }),
  });

it('has no problem with a client that gives a request up, and answers the next', async () => {
  await using simulator = await begin(() => ({ body: 'well' }));
  const url = new URL(simulator.origins[origin] ?? '');
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  socket.write('POST /things HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await once(socket, 'close');
  const answer = await fetch(`${url.origin}/things`, { method: 'POST', body: 'whole' });
  expect(await answer.json()).toBe('well');
  expect(simulator.problems).toEqual([]);
});

it('has one with an answer that cannot be made', async () => {
  await using simulator = await begin(() => {
    throw new Error('no state for it');
  });
  const { origin: address } = new URL(simulator.origins[origin] ?? '');
  await expect(fetch(`${address}/things`, { method: 'POST', body: '' })).rejects.toThrow();
  expect(simulator.problems).toEqual([expect.stringContaining('no state for it')]);
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { LocalService } from '../../local/localService.ts';
import { dispatchTo, listen } from '../../local/startEndpoint.ts';

const service = (
  name: string,
  accepts: LocalService['accepts'],
  handle?: LocalService['handle'],
): LocalService => ({
  name,
  accepts,
  handle: handle ?? (async (_, response) => void response.end(name)),
  close: async () => {},
});

describe('the endpoint', () => {
  it('hands a request to the first service that accepts it', async () => {
    const endpoint = await listen(
      dispatchTo([
        service('one', ({ headers }) => headers['x-amz-target'] === 'One.Do'),
        service('rest', () => true),
      ]),
      0,
      'X',
    );
    const ask = async (headers: Record<string, string>) =>
      (await fetch(endpoint.url, { headers })).text();
    expect(await ask({ 'x-amz-target': 'One.Do' })).toBe('one');
    expect(await ask({})).toBe('rest');
    await endpoint.close();
  });

  it('ends a request whose service broke its promise not to throw, and goes on', async () => {
    let asked = 0;
    const endpoint = await listen(
      dispatchTo([
        service(
          'broken',
          () => true,
          async (_, response) => {
            asked += 1;
            if (asked === 1) throw new Error('broken');
            response.end('fine');
          },
        ),
      ]),
      0,
      'X',
    );
    await expect(fetch(endpoint.url)).rejects.toThrow();
    expect(await (await fetch(endpoint.url)).text()).toBe('fine');
    await endpoint.close();
  });

  it('listens on the loopback address only', async () => {
    const endpoint = await listen(() => {}, 0, 'X');
    expect(endpoint.url).toBe(`http://127.0.0.1:${endpoint.port}`);
    await endpoint.close();
  });

  it('names the variable to set when its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(listen(() => {}, port, 'HEADGATE_PORT')).rejects.toThrow(
      `port ${port} is in use: set HEADGATE_PORT to another one`,
    );
    other.close();
  });

  it('closes although a client keeps its connection', async () => {
    const endpoint = await listen(() => {}, 0, 'X');
    const hanging = fetch(endpoint.url).catch(() => 'ended');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await endpoint.close();
    expect(await hanging).toBe('ended');
  });
});

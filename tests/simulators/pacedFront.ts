import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';
import { handOn } from './handOn.ts';
import { createPace } from './pace.ts';
import type { PacedSource } from './simulator.ts';

/**
 * A server before another one that it hands requests on to, as long as they do not come too soon: it answers those itself,
 * with the refusals in turn. Its clock is the real one, ahead by what was slept: requests are signed with the time, and files
 * are as old as the server behind says.
 */
export async function startPacedFront(
  target: string,
  ...refusals: readonly { readonly status: number; readonly body: string }[]
): Promise<PacedSource & AsyncDisposable> {
  let ahead = 0;
  const clock: Clock = {
    now: () => new Date(Date.now() + ahead),
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
    sleep: async (milliseconds) => {
      ahead += Math.max(0, Math.ceil(milliseconds));
    },
  };
  const pace = createPace(clock);
  const { host, origin } = new URL(target);
  let refused = 0;
  const server = createServer((request, response) => {
    const tooSoon = pace.ask();
    if (tooSoon !== null) {
      request.resume();
      const { status = 503, body = '' } = refusals[refused % refusals.length] ?? {};
      refused += 1;
      const told = { 'retry-after': String(tooSoon.seconds), ...tooSoon.headers };
      const kept = Object.entries(told).filter(([, value]) => value !== '');
      response.writeHead(status, Object.fromEntries(kept)).end(body);
      return;
    }
    // Signatures hold for the host that the connector dialled.
    handOn(request, response, target, { ...request.headers, host });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    clock,
    throttle: pace.throttle,
    violations: pace.violations,
    origins: { [origin]: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

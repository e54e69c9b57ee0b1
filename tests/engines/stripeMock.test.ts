import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import stripeCustomers from '../../connectors/stripe_customers.ts';
import type { Connector, Context } from '../../shared/connectors/connector.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { createLog } from '../../shared/log.ts';
import { readAll } from '../connectors/restExample.ts';
import { freePort } from './freePort.ts';

/** Stripe's own mock: knows Stripe's description of its API, refuses what does not fit it, and remembers nothing. */
async function startStripeMock(): Promise<
  { readonly missing: string } | { readonly url: string; close(): Promise<void> }
> {
  let program: string;
  try {
    ({ stdout: program } = await promisify(execFile)('bash', ['.ci/engines/stripeMock.sh']));
  } catch (error) {
    return {
      missing: (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || 'unknown',
    };
  }
  const port = await freePort();
  const child = spawn(program.trim(), ['-http-addr', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => lines.push(...text.toString().split('\n')));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await fetch(url).catch(() => null))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`stripe-mock does not answer: ${lines.join(' ')}`);
    await sleep(100);
  }
  return {
    url,
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

const mock = await startStripeMock();
if ('missing' in mock)
  it(`does without stripe-mock, which is not here: ${mock.missing}`, () => {
    console.log(`stripe-mock is not here: ${mock.missing}`);
  });
else {
  afterAll(() => mock.close());
  const connector = stripeCustomers as Connector;
  const statuses: string[] = [];
  const plain = mapOrigins(createFetch({ allow: ['127.0.0.1'] }), {
    'https://api.stripe.com': mock.url,
  });
  const told: typeof fetch = async (input, init) => {
    const response = await plain(input, init);
    statuses.push(`${response.status} ${new URL(String(input)).pathname}`);
    return response;
  };
  const context = (apiKey: string): Context<unknown, unknown> => ({
    config: connector.config.parse({}),
    credentials: connector.credentials.parse({ apiKey }),
    fetch: withRetries(told, { now: () => new Date(), sleep: async () => {} }),
    resolveHost: async (host) => host,
    now: () => new Date(),
    sleep: async () => {},
    signal: new AbortController().signal,
    log: createLog(() => {}),
  });

  describe('stripe_customers against Stripe’s own mock', () => {
    it('sends only requests that Stripe’s description of its API allows', async () => {
      expect(await connector.check(context('sk_test_123'))).toMatchObject({ ok: true });
      const stream = { name: 'customers', primaryKey: ['id'] };
      const first = await readAll(connector, context('sk_test_123'), stream);
      expect(first.rows.length).toBeGreaterThan(0);
      expect(first.rows[0]).toMatchObject({ id: expect.stringMatching(/^cus_/) });
      const second = await readAll(connector, context('sk_test_123'), stream, first.checkpoint);
      expect(second.checkpoint).not.toBeNull();
      expect(statuses.length).toBeGreaterThanOrEqual(4);
      expect(statuses.filter((each) => !each.startsWith('200'))).toEqual([]);
    }, 60_000);

    it('tells a wrong key apart', async () => {
      expect(await connector.check(context('rk_nonsense'))).toMatchObject({
        ok: false,
        code: 'invalid_credentials',
      });
    }, 60_000);
  });
}

import { describe, expect, it } from 'vitest';
import type { RestAuth } from '../../../../shared/connectors/rest/restAuth.ts';
import { HeadgateError } from '../../../../shared/errors.ts';
import { createLog } from '../../../../shared/log.ts';
import { bench, spec, stream } from './restBench.ts';

type Auth = RestAuth<
  { tenant?: string | undefined },
  { token?: string | undefined; user?: string | undefined }
>;
const items = { items: stream({}) };

const askedWith = async (auth: readonly Auth[], credentials: object) => {
  const { connector, context, asked } = bench(spec(items, { auth }), () => ({ items: [] }), {
    credentials,
  });
  const result = await connector.check(context);
  return { asked: asked[0], result };
};

describe('a request', () => {
  it('is signed as the source wants it', async () => {
    const credentials = { token: 'canary-token', user: 'ann' };
    const bearer = await askedWith([{ kind: 'bearer', token: 'token' }], credentials);
    expect(bearer.asked?.headers.get('authorization')).toBe('Bearer canary-token');
    const header = await askedWith(
      [{ kind: 'header', name: 'x-key', prefix: 'Key ', value: 'token' }],
      credentials,
    );
    expect(header.asked?.headers.get('x-key')).toBe('Key canary-token');
    const query = await askedWith([{ kind: 'query', name: 'key', value: 'token' }], credentials);
    expect(query.asked?.url.searchParams.get('key')).toBe('canary-token');
    const basic = await askedWith(
      [
        {
          kind: 'basic',
          user: [{ credential: 'user' }, '/token'],
          password: { credential: 'token' },
        },
      ],
      credentials,
    );
    expect(basic.asked?.headers.get('authorization')).toBe(
      `Basic ${Buffer.from('ann/token:canary-token').toString('base64')}`,
    );
  });

  it('is signed in the first way whose credentials are there, or not sent', async () => {
    const ways = [
      { kind: 'basic', user: { credential: 'user' }, password: { credential: 'token' } },
      { kind: 'bearer', token: 'token' },
    ] as const;
    const { asked } = await askedWith(ways, { token: 'canary-token' });
    expect(asked?.headers.get('authorization')).toBe('Bearer canary-token');
    const none = await askedWith(ways, {});
    expect(none.asked).toBeUndefined();
    expect(none.result).toMatchObject({ ok: false, code: 'invalid_credentials' });
  });

  it('waits for its turn under the limit it counts under', async () => {
    const taken: string[] = [];
    const { connector, context } = bench(
      spec(items, {
        limits: [
          { name: 'requests', requests: 10, perSeconds: 1 },
          { name: 'search', requests: 1, perSeconds: 1 },
        ],
        checks: [
          { path: '/items', what: 'items' },
          { path: '/search', limit: 'search', what: 'search' },
        ],
      }),
      () => ({ items: [] }),
      {
        rateLimit: {
          take: async ({ name }) => void taken.push(name),
          pause: async () => undefined,
        },
      },
    );
    await connector.check(context);
    expect(taken).toEqual(['requests', 'search']);
  });

  it('leaves a header out whose field is empty, and fills one whose field is there', async () => {
    for (const [tenant, expected] of [
      [undefined, null],
      ['acme', 'tenant acme'],
    ] as const) {
      const { connector, context, asked } = bench(
        spec(items, { headers: { 'x-tenant': ['tenant ', { config: 'tenant' }] } }),
        () => ({ items: [] }),
        { config: tenant === undefined ? {} : { tenant } },
      );
      await connector.check(context);
      expect(asked[0]?.headers.get('x-tenant')).toBe(expected);
    }
  });
});

describe('an answer that is no success', () => {
  const refusing = (status: number, body: object, change = {}) =>
    bench(
      spec(items, { errorMessage: 'error.text', ...change }),
      () => Response.json(body, { status }),
      { credentials: { token: 'canary-token-5c' } },
    );

  it('is told by its status where no rule says more, quoting the source without secrets', async () => {
    for (const [status, code] of [
      [401, 'invalid_credentials'],
      [403, 'source_forbidden'],
      [404, 'source_not_found'],
      [400, 'source_answer_invalid'],
    ] as const) {
      const { read } = refusing(status, {
        error: { text: `no canary-token-5c for\n you${'x'.repeat(400)}` },
      });
      const error: unknown = await read('items').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HeadgateError);
      expect(error).toMatchObject({ code });
      const { message } = error as HeadgateError;
      expect(message).toContain(`answered ${status}`);
      expect(message).toContain('no *** for you');
      expect(message).not.toContain('canary');
      expect(message.length).toBeLessThan(500);
    }
  });

  it('is told by the first rule that fits its status and what stands in it', async () => {
    const errors = [
      { status: [400], at: 'details.*.reason', is: ['EXPIRED'], code: 'cursor_expired' },
      {
        status: [400],
        at: 'error.text',
        has: 'scope',
        code: 'source_forbidden',
        advice: 'Add it.',
      },
    ] as const;
    const expired = refusing(
      400,
      { details: [{ reason: 'A' }, { reason: 'EXPIRED' }] },
      { errors },
    );
    await expect(expired.read('items')).rejects.toMatchObject({ code: 'cursor_expired' });
    const scope = refusing(400, { error: { text: 'missing scope' } }, { errors });
    await expect(scope.read('items')).rejects.toMatchObject({
      code: 'source_forbidden',
      message: expect.stringMatching(/missing scope\. Add it\.$/),
    });
    const other = refusing(400, { details: [] }, { errors });
    await expect(other.read('items')).rejects.toMatchObject({ code: 'source_answer_invalid' });
  });

  it('is asked for again when it can pass, a few times, and waited for as long as it says', async () => {
    const slept: number[] = [];
    const lines: string[] = [];
    let tries = 0;
    const { read } = bench(
      spec(items, { errors: [{ status: [423], code: 'source_throttled' }] }),
      () => {
        tries += 1;
        return tries < 3
          ? Response.json({}, { status: 423, headers: { 'retry-after': '7' } })
          : { items: [{ id: 1 }] };
      },
      {
        sleep: async (milliseconds) => void slept.push(milliseconds),
        log: createLog((line) => lines.push(line)),
      },
    );
    await read('items');
    expect(slept).toEqual([7000, 7000]);
    expect(lines.length).toBe(2);
  });
});

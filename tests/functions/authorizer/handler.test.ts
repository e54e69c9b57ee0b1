import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeHandler } from '../../../functions/authorizer/handler.ts';
import { createLog } from '../../../shared/log.ts';
import { signedIn } from '../../../shared/people/signedIn.ts';
import { createToken, seedAdminToken } from '../../../shared/tokens/tokens.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';

let home: HeadgateTable;
beforeAll(async () => {
  home = await headgateTable();
});
afterAll(() => home[Symbol.asyncDispose]());

const lines: string[] = [];
const now = (): Date => new Date('2026-05-05T05:05:05Z');
function authorizer(bootstrap: string | null = null) {
  let asked = 0;
  const handler = makeHandler({
    table: home.table,
    now,
    people: signedIn({ providers: [], fetch, now }),
    log: createLog((line) => void lines.push(line)),
    bootstrapToken: async () => {
      asked += 1;
      return bootstrap;
    },
  });
  return {
    asked: () => asked,
    of: async (authorization?: string) =>
      handler({ headers: authorization === undefined ? {} : { authorization } }),
  };
}
const make = (sources: readonly string[] | null = null) =>
  createToken(
    home.table,
    { tenant: 'acme', name: 'n', role: 'editor', sources, validUntil: null, createdBy: 'tests' },
    'request',
    now(),
  );

it('answers tenant, role and token of a stored token, as flat strings', async () => {
  const { text, item } = await make();
  const { of, asked } = authorizer();
  expect(await of(`Bearer ${text}`)).toEqual({
    isAuthorized: true,
    context: { tenant: 'acme', role: 'editor', tokenId: item.tokenId, sources: '' },
  });
  expect(await of(`bearer  ${text} `)).toMatchObject({ context: { tenant: 'acme' } });
  expect(asked()).toBe(0);
});

it('hands on which sources a token is limited to', async () => {
  const { text } = await make(['s1', 's2']);
  expect((await authorizer().of(`Bearer ${text}`)).context).toMatchObject({ sources: 's1,s2' });
});

it('knows the bootstrap token from its secret before it is ever stored', async () => {
  const { of } = authorizer('operator-chose-this-48-characters-long-token-000');
  expect(
    (await of('Bearer operator-chose-this-48-characters-long-token-000')).context,
  ).toMatchObject({
    tenant: 'default',
    role: 'admin',
    sources: '',
  });
  expect((await of('Bearer operator-chose-this-48-characters-long-token-001')).context).toEqual({
    refused: 'The token is not known.',
  });
});

it('gives the bootstrap token the same id whether it is stored or not', async () => {
  const text = 'hg_the-same-token-either-way';
  const before = (await authorizer(text).of(`Bearer ${text}`)).context;
  await seedAdminToken(home.table, text, now());
  const { of, asked } = authorizer(text);
  expect((await of(`Bearer ${text}`)).context).toEqual(before);
  expect(asked()).toBe(0);
});

it.each([
  ['nothing', undefined],
  ['an empty header', ''],
  ['another scheme', 'Basic dXNlcjpwYXNz'],
  ['two tokens', 'Bearer a b'],
  ['something endless', `Bearer ${'x'.repeat(10_000)}`],
])('says why %s is nobody, and never throws', async (_, authorization) => {
  const { context } = await authorizer('secret').of(authorization);
  expect(context).toEqual({ refused: expect.any(String) });
});

it('lets a request through when its last use cannot be noted', async () => {
  const { text } = await make();
  const { client } = home.table;
  const send = client.send.bind(client);
  client.send = ((command: { constructor: { name: string } }) =>
    command.constructor.name === 'UpdateCommand'
      ? Promise.reject(new Error('not allowed'))
      : send(command as never)) as typeof client.send;
  try {
    expect((await authorizer().of(`Bearer ${text}`)).context).toMatchObject({ tenant: 'acme' });
  } finally {
    client.send = send as typeof client.send;
  }
  expect(lines.join('\n')).toContain('last use of a token not noted');
  expect(lines.join('\n')).not.toContain(text);
});

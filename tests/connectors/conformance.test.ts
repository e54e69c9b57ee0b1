import { createHash } from 'node:crypto';
import * as z from 'zod';
import localFiles from '../../connectors/local_files.ts';
import type { Connector, LandedFile } from '../../shared/connectors/connector.ts';
import { ParkUntil } from '../../shared/connectors/connector.ts';
import { filesCheckpoint } from '../../shared/connectors/files.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { describeConnector } from './conformance.ts';
import { ownBucket } from './landedFilesExample.ts';

/** The smallest connector over HTTP: pages of two, ordered by id, 429 answered by parking. */
const pages: Connector<
  { base: string },
  { token: string },
  { v: 1; after: number; isOver: boolean }
> = {
  name: 'pages',
  title: 'Pages',
  description: 'A connector of the test, to hold the suite to more than one kind.',
  docs: 'https://example.com',
  labels: ['saas'],
  authMethods: [{ name: 'token', title: 'Token', fields: ['token'] }],
  syncModes: ['full_refresh', 'incremental'],
  supportsContinuous: false,
  supportsDateRange: false,
  landing: false,
  config: z.strictObject({
    base: z.url().meta({ title: 'Address', description: 'Where the pages are.' }),
  }),
  credentials: z.strictObject({
    token: z.string().meta({ title: 'Token', description: 'Sent as bearer.', secret: true }),
  }),
  checkpoint: z.strictObject({ v: z.literal(1), after: z.number(), isOver: z.boolean() }),
  isComplete: ({ isOver }) => isOver,
  async check(context) {
    const { status } = await context.fetch(`${context.config.base}?after=0`, {
      headers: { authorization: `Bearer ${context.credentials.token}` },
    });
    return status === 401
      ? { ok: false, code: 'invalid_credentials', message: 'The token was refused.' }
      : { ok: true, message: 'The pages answer.' };
  },
  async discover() {
    return [
      {
        name: 'items',
        columns: null,
        primaryKey: ['id'],
        cursorFields: ['id'],
        modes: ['full_refresh', 'incremental'],
        captures: 'inserts',
        deletes: 'none',
        ordered: true,
        timeZone: 'UTC',
        supportsDateRange: false,
      },
    ];
  },
  async *read({ config, credentials, fetch, now, signal }, _stream, from) {
    for (let after = from?.after ?? 0; ; ) {
      signal.throwIfAborted();
      const response = await fetch(`${config.base}?after=${after}`, {
        headers: { authorization: `Bearer ${credentials.token}` },
      });
      if (response.status === 401)
        throw new HeadgateError('invalid_credentials', 'The token was refused.');
      if (response.status === 429) throw new ParkUntil(now(), 'slow down');
      const records = z.array(z.object({ id: z.number() })).parse(await response.json());
      after = records.at(-1)?.id ?? after;
      const isOver = records.length === 0;
      yield { body: { kind: 'records', records }, checkpoint: { v: 1, after, isOver } };
      if (isOver) return;
    }
  },
};

const items = [1, 2, 3, 4, 5, 6, 7];
const answer: typeof fetch = async (address, options) => {
  const { searchParams } = new URL(String(address));
  const headers = new Headers(options?.headers);
  if (headers.get('authorization') !== 'Bearer canary-6f2e9a')
    return new Response('no', { status: 401 });
  const later = items.filter((id) => id > Number(searchParams.get('after')));
  return Response.json(later.slice(0, 2).map((id) => ({ id })));
};
let calls = 0;

describeConnector({
  connector: pages as Connector,
  config: { base: 'https://pages.example' },
  credentials: { token: 'canary-6f2e9a' },
  surroundings: () => ({ fetch: answer }),
  stream: { name: 'items', primaryKey: ['id'], cursorField: 'id', columns: null },
  identify: (row) => String(row['id']),
  expected: items.map(String),
  add: async () => {
    items.push(8, 9, 10);
    return ['8', '9', '10'];
  },
  cannotBe: {
    source_forbidden: 'it has one token',
    source_not_found: 'it has one list',
    source_unreachable: 'it is in this process',
    source_throttled: 'it never says for how long; `throttled` asks it to wait',
  },
  refusals: [
    {
      title: 'a wrong token',
      credentials: { token: 'wrong-canary-03' },
      code: 'invalid_credentials',
      says: /refused/,
    },
  ],
  throttled: () => ({
    fetch: async (...request) => {
      calls += 1;
      return calls % 2 === 1 ? new Response('slow down', { status: 429 }) : answer(...request);
    },
  }),
});

const inbox = ['a.csv', 'b.csv', 'c.csv', 'd.csv'].map(
  (name): LandedFile => ({
    name,
    versionId: `version of ${name}`,
    bytes: name.length,
    modifiedAt: new Date(0),
    open: async function* () {
      yield Buffer.from(name);
    },
  }),
);

describeConnector({
  connector: localFiles as Connector,
  config: {},
  credentials: {},
  surroundings: (from) => {
    const last = from === null ? null : filesCheckpoint.parse(from);
    const taken =
      last?.isDone === true ? inbox.findIndex(({ name }) => name === last.after.name) + 1 : 0;
    return {
      landing: {
        pending: async function* () {
          yield* inbox.slice(taken);
        },
      },
    };
  },
  stream: { name: 'files', primaryKey: [], cursorField: null, columns: null },
  identify: (row) => `${row['name']} ${row['sha256']}`,
  expected: inbox.map(({ name }) => `${name} ${createHash('sha256').update(name).digest('hex')}`),
  cannotBe: ownBucket,
  refusals: [],
});

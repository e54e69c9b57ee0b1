import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/runCli.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { type StreamItem, streamItemKey } from '../../shared/runs/streamItem.ts';
import { recordSchema } from '../../shared/schema/recordSchema.ts';
import { flagBreakingDrift } from '../../shared/sources/attention.ts';
import { transact } from '../../shared/transact.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { serveApi } from '../functions/api/serveApi.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
let home: string;
beforeAll(async () => {
  api = await apiHarness();
  server = await serveApi(api);
  home = mkdtempSync(join(tmpdir(), 'headgate-cli-'));
});
afterAll(async () => {
  server.close();
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function cli(...line: string[]) {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isInteractive: false,
    columns: 300,
    ask: async () => '',
    readInput: async () => '',
    env: { XDG_CONFIG_HOME: home, HEADGATE_URL: server.url, HEADGATE_TOKEN: api.adminToken },
    home,
    signal: new AbortController().signal,
    now: () => performance.now(),
  };
  return { code: await runCli(line, terminal), out, err };
}

/** A source with one loaded stream. */
async function loaded(key: string): Promise<StreamItem> {
  const { body } = await api.call('createSource', {
    body: { key, name: key, connector: 'local_files', status: 'active' },
  });
  const stream: StreamItem = {
    v: 1,
    tenant: 'default',
    sourceId: body.id,
    stream: 'files',
    table: 'default.x',
    location: 's3://lake/x',
    metadataPrefix: 'lake/metadata/x/',
    lastFieldId: 1,
    schema: [{ id: 1, name: 'before', type: 'long' }],
    pointer: null,
    rejects: null,
    cursor: null,
    stage: null,
    committedBy: null,
    updatedAt: '2026-01-01T00:00:00.000Z',
  };
  await api.table.client.send(
    new PutCommand({
      TableName: api.table.name,
      Item: { ...streamItemKey('default', body.id, 'files'), ...stream },
    }),
  );
  return stream;
}

describe('the history of a schema on the command line', () => {
  it('shows versions, drift, and what wants attention until it is acknowledged', async () => {
    const stream = await loaded('drifting');
    expect((await cli('sources', 'schema', 'drifting', '--history')).err).toContain(
      'headgate run drifting',
    );
    expect((await cli('sources', 'drift', 'drifting')).err).toContain('Nothing ever differed');
    const kept = { samples: ['n/a'], isStored: false, discarded: 3 };
    const { items, breaking } = await recordSchema(api.table, {
      runId: `${stream.sourceId}-1`,
      seq: 1,
      stream,
      schema: [{ id: 1, name: 'amount', type: 'long' }],
      drift: {
        added: [],
        removed: [{ name: 'note', type: 'string' }],
        changed: [{ name: 'amount', from: 'long', to: 'string', ...kept }],
        more: 0,
      },
      now: new Date(),
    });
    await transact(api.table, items);
    await flagBreakingDrift(api.table, stream, 'files', breaking!, new Date());
    const history = await cli('sources', 'schema', 'drifting', '--history');
    expect(history.out).toMatch(new RegExp(`${stream.sourceId}-1\\s+1\\s+amount long`));
    const drift = await cli('sources', 'drift', 'drifting');
    expect(drift.out).toMatch(/files\s+note\s+gone/);
    expect(drift.out).toMatch(/files\s+amount\s+long → string, kept out \(3 values\)\s+n\/a/);
    expect((await cli('sources', 'show', 'drifting')).out).toContain('column note is gone');
    expect((await cli('sources', 'acknowledge', 'drifting', 'breaking_drift')).out).toContain(
      'Nothing of drifting wants attention',
    );
    expect((await cli('sources', 'acknowledge', 'drifting', 'breaking_drift')).code).toBe(4);
  });
});

describe('rejects on the command line', () => {
  it('are put together from their parts in a new file', async () => {
    await loaded('rejecting');
    const parts = ['file,line\na.csv,1\n', 'a.csv,2\n'];
    const output = join(home, 'rejects.csv');
    const next = { snapshotId: '1', path: 's3://lake/a', row: 1 };
    api.answers.preview = { kind: 'text', text: parts[0]!, rows: 1, next };
    const asked = api.previews.length;
    const downloading = cli('rejects', 'rejecting', '--output', output);
    while (api.previews.length === asked) await new Promise((resolve) => setTimeout(resolve, 1));
    api.answers.preview = { kind: 'text', text: parts[1]!, rows: 1, next: null };
    expect(await downloading).toMatchObject({ code: 0, err: expect.stringContaining('2 rows in') });
    expect(readFileSync(output, 'utf8')).toBe(parts.join(''));
    expect(await cli('rejects', 'rejecting', '--output', output)).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists already'),
    });
    expect((await cli('rejects', 'rejecting', '--output', '-', '--format', 'ndjson')).out).toBe(
      parts[1],
    );
    expect(api.previews.at(-1)).toMatchObject({ format: 'ndjson' });
  });

  it('are loaded again by a run', async () => {
    await loaded('replaying');
    const { out } = await cli('rejects', 'replaying', '--replay', '--file', 'a.csv', '--json');
    const { body } = await api.call('getRun', { params: { runId: JSON.parse(out).runId } });
    expect(body.kind).toBe('replay');
    expect((await cli('rejects', 'replaying', '--file', 'a.csv')).code).toBe(2);
    expect((await cli('rejects', 'replaying', '--replay', '--output', 'x')).code).toBe(2);
  });
});

it('rules are set from JSON', async () => {
  await cli('sources', 'add', 'local_files', '--key', 'ruled', '--rules', '{"nested":"flatten"}');
  const streams = JSON.stringify({ files: { masks: { email: 'redact' }, contract: 'freeze' } });
  expect((await cli('sources', 'edit', 'ruled', '--streams', streams)).code).toBe(0);
  const { body } = await api.call('getSource', { params: { idOrKey: 'ruled' } });
  expect(body).toMatchObject({ rules: { nested: 'flatten' }, streams: JSON.parse(streams) });
});

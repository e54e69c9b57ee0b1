import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { directUrl } from '../../connectors/csv_url/directUrl.ts';
import csvUrl from '../../connectors/csv_url.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startFileServer } from '../simulators/fileServer.ts';
import { startPacedFront } from '../simulators/pacedFront.ts';
import { describeConnector } from './conformance.ts';
import { bytesOfFirst, filesContext, localSurroundings, readFiles } from './remoteFilesExample.ts';

const connector = csvUrl as unknown as Connector;
const server = await startFileServer();
const front = await startPacedFront(
  server.url,
  { status: 429, body: 'Too many requests' },
  { status: 503, body: '<html>Closed for maintenance' },
);
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const urlsOf = (...paths: readonly string[]) => paths.map((path) => `${server.url}${path}`);
const nameOf = (path: string) => `${new URL(server.url).host}${path}`;
const identityOf = (path: string, text: string): string =>
  `${nameOf(path)} ${createHash('sha256').update(text).digest('hex')}`;
const contextOf = (urls: readonly string[], over = {}) =>
  filesContext(connector, { urls }, {}, over);

const paths = ['/one/a.csv', '/one/b.csv', '/two/export', '/two/d.csv'];
for (const [index, path] of paths.entries())
  server.put(path, `id\n${index}\n`, (['etag', 'weakEtag', 'time', 'nothing'] as const)[index]);

describeConnector({
  connector,
  config: { urls: urlsOf(...paths) },
  credentials: { token: 'canary-bearer-token' },
  surroundings: localSurroundings,
  paced: { source: front, says: ['seconds', 'date'] },
  stream: { name: 'files', primaryKey: [], cursorField: null, columns: null },
  identify: ({ name, sha256 }) => `${name} ${sha256}`,
  expected: paths.map((path, index) => identityOf(path, `id\n${index}\n`)),
  add: async () => {
    const changed = ['/one/a.csv', '/two/export', '/two/d.csv'];
    for (const path of changed)
      server.put(path, 'id\n77\n', server.files.get(path)?.told ?? 'etag');
    return changed.map((path) => identityOf(path, 'id\n77\n'));
  },
  refusals: [
    {
      title: 'an address that wants to know who asks',
      config: { urls: urlsOf('/status/401') },
      code: 'invalid_credentials',
      says: /credentials/,
    },
    {
      title: 'an address that lets others in',
      config: { urls: urlsOf('/status/403') },
      code: 'source_forbidden',
      says: /permission/,
    },
    {
      title: 'an address without a file',
      config: { urls: urlsOf('/nothing.csv') },
      code: 'source_not_found',
      says: /404.*check the address/,
    },
    {
      title: 'a web page',
      config: { urls: urlsOf('/page.html') },
      code: 'invalid_config',
      says: /web page/,
    },
    {
      title: 'a server that does not answer',
      config: { urls: ['http://127.0.0.1:9/a.csv'] },
      code: 'source_unreachable',
      says: /no answer/,
    },
    {
      title: 'an address inside the network',
      config: { urls: ['https://169.254.169.254/latest/meta-data'] },
      code: 'address_refused',
      says: /metadata/,
    },
    {
      title: 'credentials in an address',
      config: { urls: ['https://user:word@example.com/a.csv'] },
      code: 'address_refused',
      says: /credentials/,
    },
  ],
});
server.files.set('/page.html', {
  content: Buffer.from('<html>'),
  modifiedAt: new Date(),
  told: 'etag',
  headers: { 'content-type': 'text/html; charset=utf-8' },
});

describe('files at an address', () => {
  it('are read on where the connection broke, by ranges where an ETag vouches for the rest', async () => {
    const content = randomBytes(300_000);
    for (const told of ['etag', 'weakEtag', 'time', 'nothing'] as const) {
      server.put(`/broken-${told}.csv`, content, told);
      const urls = urlsOf(`/broken-${told}.csv`);
      const { batches } = await readFiles(connector, contextOf(urls));
      const before = server.requests.length;
      server.breaks = [100_000, 50_000];
      expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
      const ranges = server.requests.slice(before).map(({ headers }) => headers.range);
      if (told === 'etag') {
        expect(ranges.length).toBe(3);
        expect(ranges[1]).toMatch(/^bytes=\d+-$/);
      } else expect(ranges.every((range) => range === undefined)).toBe(true);
      expect((await bytesOfFirst(batches, 299_990)).equals(content.subarray(299_990))).toBe(true);
    }
  });

  it('that change between looking and reading are noticed', async () => {
    for (const told of ['etag', 'time', 'nothing'] as const) {
      server.put(`/changing-${told}.csv`, 'id\n1\n', told);
      const { batches } = await readFiles(connector, contextOf(urlsOf(`/changing-${told}.csv`)));
      server.put(`/changing-${told}.csv`, 'id\n2\n', told);
      await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
    }
  });

  it('come as they are stored, even where the server calls that an encoding', async () => {
    const content = gzipSync('id\n1\n');
    server.files.set('/stored.csv.gz', {
      content,
      modifiedAt: new Date(0),
      told: 'etag',
      headers: { 'content-encoding': 'gzip' },
    });
    const { batches } = await readFiles(connector, contextOf(urlsOf('/stored.csv.gz')));
    expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
  });

  it('are asked for with a password, a token or a header, and wrong ones are told apart', async () => {
    server.put('/locked.csv', 'id\n1\n');
    const urls = urlsOf('/locked.csv');
    const check = (credentials: object) =>
      connector.check(filesContext(connector, { urls }, credentials));
    const cases = [
      ['Bearer t0ken', { token: 't0ken' }],
      [`Basic ${btoa('ada:pass:word')}`, { username: 'ada', password: 'pass:word' }],
      ['k3y', { headerName: 'X-Key', headerValue: 'k3y' }],
    ] as const;
    for (const [key, credentials] of cases) {
      server.key = key;
      expect(await check(credentials)).toMatchObject({ ok: true });
      expect(await check({})).toMatchObject({ ok: false, code: 'invalid_credentials' });
      expect(await check({ token: 'wrong' })).toMatchObject({ code: 'source_forbidden' });
    }
    server.key = null;
    const { credentials } = connector;
    expect(credentials.safeParse({ token: 'a', username: 'b', password: 'c' }).success).toBe(false);
    expect(credentials.safeParse({ username: 'b' }).success).toBe(false);
    expect(credentials.safeParse({ headerName: 'Host', headerValue: 'x' }).success).toBe(false);
  });

  it('are found behind links that people share', () => {
    const id = '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms';
    const direct = {
      'https://drive.google.com/file/d/1aB-c_2/view?usp=sharing':
        'https://drive.google.com/uc?export=download&id=1aB-c_2',
      [`https://docs.google.com/spreadsheets/d/${id}/edit#gid=42`]: `https://docs.google.com/spreadsheets/d/${id}/export?format=csv&gid=42`,
      'https://www.dropbox.com/s/abc/orders.csv?dl=0':
        'https://www.dropbox.com/s/abc/orders.csv?dl=1',
      'https://github.com/acme/data/blob/main/a/b.csv':
        'https://raw.githubusercontent.com/acme/data/main/a/b.csv',
      'https://example.com/a.csv?x=1': 'https://example.com/a.csv?x=1',
    };
    for (const [given, wanted] of Object.entries(direct))
      expect(directUrl(given).href).toBe(wanted);
  });

  it('at addresses that differ in their query only are told apart', async () => {
    server.put('/q?part=1', 'id\n1\n');
    server.put('/q?part=2', 'id\n2\n');
    const { names } = await readFiles(connector, contextOf(urlsOf('/q?part=1', '/q?part=2')));
    expect(names).toEqual([nameOf('/q'), `2/${nameOf('/q')}`]);
  });
});

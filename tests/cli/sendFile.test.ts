import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendFile } from '../../cli/sendFile.ts';
import { createClient } from '../../client/createClient.ts';
import type { Client, Upload } from '../../client/generated.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { serveApi } from '../functions/api/serveApi.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
let client: Client;
const home = mkdtempSync(join(tmpdir(), 'headgate-send-'));
beforeAll(async () => {
  api = await apiHarness();
  server = await serveApi(api);
  client = createClient({ baseUrl: server.url, token: api.adminToken });
  await client.createSource({
    body: { key: 'files', name: 'Files', connector: 'local_files', status: 'active' },
  });
});
afterAll(async () => {
  server.close();
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const signal = new AbortController().signal;
function localFile(name: string, bytes: number) {
  const path = join(home, name);
  writeFileSync(path, Buffer.alloc(bytes, 'a,b\n1,2\n'));
  return { path, name, bytes };
}
const complete = ({ sourceId, uploadId }: Upload) =>
  client.completeUpload({ idOrKey: sourceId, uploadId });

it('sends parts of a large file, with a fresh address for one that was refused', async () => {
  const file = localFile('large.csv', 33 * 1024 ** 2 + 7);
  const upload = await client.createUpload({
    idOrKey: 'files',
    body: { name: file.name, bytes: file.bytes, multipart: true },
  });
  if (upload.method !== 'MULTIPART') throw new Error('not in parts');
  const [first, ...rest] = upload.parts;
  const spoilt = { partNumber: 1, url: `${first?.url}spoilt` };
  const sent: number[] = [];
  await sendFile(
    client,
    { ...upload, parts: [spoilt, ...rest] },
    file,
    (bytes) => void sent.push(bytes),
    signal,
  );
  expect(sent.at(-1)).toBe(file.bytes);
  expect((await complete(upload)).file).toMatchObject({ bytes: file.bytes, status: 'on_disk' });
});

it('says what S3 said about a form it refuses', async () => {
  const file = localFile('over.csv', 1_000_001);
  const upload = await client.createUpload({ idOrKey: 'files', body: { name: file.name } });
  await expect(sendFile(client, upload, file, () => undefined, signal)).rejects.toMatchObject({
    name: 'CliError',
    message: expect.stringContaining('EntityTooLarge'),
  });
});

it('stops sending what was refused', async () => {
  const refusing = createServer((_request, response) => response.writeHead(403).end()).listen(0);
  // The connection would end by itself, and the sender with it.
  refusing.keepAliveTimeout = 0;
  const { port } = refusing.address() as AddressInfo;
  const file = localFile('refused.csv', 33 * 1024 ** 2);
  const upload = {
    ...(await client.createUpload({ idOrKey: 'files', body: { name: file.name } })),
    url: `http://127.0.0.1:${port}`,
  };
  let sent = 0;
  const tell = (bytes: number): void => {
    sent = bytes;
  };
  await expect(sendFile(client, upload, file, tell, signal)).rejects.toThrow(/status 403/);
  expect(sent).toBeLessThan(file.bytes);
  refusing.closeAllConnections();
  refusing.close();
});

it('refuses to send a file that became shorter meanwhile', async () => {
  const file = localFile('shrunk.csv', 1000);
  const upload = await client.createUpload({ idOrKey: 'files', body: { name: file.name } });
  const before = { ...file, bytes: 2000 };
  await expect(sendFile(client, upload, before, () => undefined, signal)).rejects.toMatchObject({
    message: expect.stringContaining('changed while it was sent'),
  });
});

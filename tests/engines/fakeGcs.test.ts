import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import gcsCsv from '../../connectors/gcs_csv.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { describeConnector } from '../connectors/conformance.ts';
import { notEmulated } from '../connectors/connectorExample.ts';
import {
  bytesOfFirst,
  filesContext,
  readFiles,
  remoteFilesExample,
} from '../connectors/remoteFilesExample.ts';
import { makeServiceAccount } from '../simulators/gcs.ts';
import { freePort } from './freePort.ts';

const connector = gcsCsv as unknown as Connector;

async function findFakeGcs(): Promise<{ readonly program: string } | { readonly missing: string }> {
  try {
    const { stdout } = await promisify(execFile)('bash', ['.ci/engines/fakeGcs.sh']);
    return { program: stdout.trim() };
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    return { missing: said || 'unknown' };
  }
}

/** An emulator with a bucket in memory. It takes any token. */
async function startFakeGcs(program: string, bucket: string) {
  const port = await freePort();
  const child = spawn(
    program,
    ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`fake-gcs-server ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('fake-gcs-server did not start within a minute');
    if ((await fetch(`${url}/storage/v1/b`).catch(() => null))?.ok === true) break;
    await sleep(50);
  }
  const send = async (method: string, path: string, body?: string | Uint8Array) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: body as string }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    await response.text();
  };
  await send('POST', '/storage/v1/b', JSON.stringify({ name: bucket }));
  return {
    url,
    put: (name: string, content: string | Uint8Array) =>
      send(
        'POST',
        `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`,
        content,
      ),
    remove: (name: string) =>
      send('DELETE', `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`),
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

const found = await findFakeGcs();
if ('program' in found) {
  const bucket = 'headgate-engines';
  const gcs = await startFakeGcs(found.program, bucket);
  afterAll(() => gcs.close());
  const surroundings = () => ({
    fetch: withRetries(
      mapOrigins(createFetch({ allow: ['127.0.0.1'] }), {
        'https://storage.googleapis.com': gcs.url,
      }),
      { now: () => new Date(), sleep: async () => undefined, tries: 2 },
    ),
    accessToken: async () => ({ token: 'any', answer: {} }),
  });
  const credentials = { serviceAccount: makeServiceAccount().json };
  describeConnector(
    await remoteFilesExample(
      {
        title: 'fake-gcs-server',
        connector,
        config: { bucket, prefix: 'in/' },
        credentials,
        surroundings,
        cannotBe: notEmulated,
        refusals: [
          {
            title: 'a bucket that is not there',
            config: { bucket: 'nowhere' },
            code: 'source_not_found',
            says: /no bucket nowhere/,
          },
        ],
      },
      gcs,
      'in/',
    ),
  );

  it('reads from an offset, and notices that an object changed', async () => {
    await gcs.put('more/a.csv', 'id\n1\n');
    const context = filesContext(
      connector,
      { bucket, prefix: 'more/' },
      credentials,
      surroundings(),
    );
    const { batches } = await readFiles(connector, context);
    expect(String(await bytesOfFirst(batches, 3))).toBe('1\n');
    await gcs.put('more/a.csv', 'id\n2\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
  });
} else
  it('says why fake-gcs-server is absent', () => {
    console.log(
      `fake-gcs-server cannot be had here (${found.missing}): the suite ran against a simulator`,
    );
    expect(found.missing).not.toBe('');
  });

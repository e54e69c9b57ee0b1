import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sharedKey } from '../../connectors/azure_blob_csv/sharedKey.ts';
import { freePort } from './freePort.ts';

export interface Azurite {
  readonly connectionString: string;
  makeContainer(container: string): Promise<void>;
  put(container: string, name: string, content: string | Uint8Array): Promise<void>;
  remove(container: string, name: string): Promise<void>;
  close(): Promise<void>;
}

/** The program's path, or why it cannot be had. Installs it on first use. */
export async function findAzurite(): Promise<
  { readonly program: string } | { readonly missing: string }
> {
  try {
    const { stdout } = await promisify(execFile)('bash', ['.ci/engines/azurite.sh']);
    return { program: stdout.trim() };
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    return { missing: said || 'unknown' };
  }
}

/** The account and key that Azurite is known for: https://github.com/Azure/Azurite#default-storage-account */
const account = 'devstoreaccount1';
const key =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export async function startAzurite(program: string): Promise<Azurite> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-azurite-'));
  const child = spawn(
    process.execPath,
    [
      program,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder],
      ...['--silent', '--skipApiVersionCheck', '--disableTelemetry'],
    ],
    { stdio: 'ignore' },
  );
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  const send = async (method: 'PUT' | 'DELETE', path: string, body?: string | Uint8Array) => {
    const url = new URL(`${endpoint}/${path}`);
    const headers: Record<string, string> = {
      'x-ms-version': '2021-12-02',
      'x-ms-date': new Date().toUTCString(),
      ...(body === undefined
        ? {}
        : { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/octet-stream' }),
    };
    const length = body === undefined || body.length === 0 ? '' : String(Buffer.byteLength(body));
    const signed = sharedKey(
      url,
      { ...headers, 'content-length': length },
      account,
      Buffer.from(key, 'base64'),
      method,
    );
    const response = await fetch(url, {
      method,
      headers: { ...headers, authorization: signed },
      ...(body === undefined ? {} : { body: body as string }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  };
  const pathOf = (container: string, name: string): string =>
    `${container}/${name.split('/').map(encodeURIComponent).join('/')}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Azurite ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('Azurite did not start within a minute');
    if ((await fetch(endpoint).catch(() => null)) !== null) break;
    await sleep(100);
  }
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
    makeContainer: (container) => send('PUT', `${container}?restype=container`),
    put: (container, name, content) => send('PUT', pathOf(container, name), content),
    remove: (container, name) => send('DELETE', pathOf(container, name)),
    close: async () => {
      child.kill();
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

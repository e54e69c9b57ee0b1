import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './freePort.ts';

export interface Moto {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** The server's path, or why it cannot be had. Installs it on first use. */
export async function findMoto(): Promise<
  { readonly server: string } | { readonly missing: string }
> {
  try {
    const { stdout } = await promisify(execFile)('bash', ['.ci/engines/moto.sh']);
    return { server: stdout.trim() };
  } catch (error) {
    return {
      missing: (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || 'unknown',
    };
  }
}

/** A moto server of its own, all services in memory. */
export async function startMoto(server: string): Promise<Moto> {
  const port = await freePort();
  const child = spawn(server, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], MOTO_S3_CUSTOM_ENDPOINTS: `http://127.0.0.1:${port}` },
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('moto did not start within a minute');
    const answer = await fetch(`${endpoint}/moto-api/data.json`).catch(() => null);
    if (answer?.ok === true) break;
    await sleep(100);
  }
  return {
    endpoint,
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

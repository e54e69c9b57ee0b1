import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Engine } from '../local/conformance.ts';
import { freePort } from './freePort.ts';

/** The folder of DynamoDB Local's jars, or why it cannot be had. Fetches it on first use. */
export async function findDynamoDbLocal(): Promise<
  { readonly jars: string } | { readonly missing: string }
> {
  try {
    const { stdout } = await promisify(execFile)('bash', ['.ci/engines/dynamodbLocal.sh']);
    return { jars: stdout.trim() };
  } catch (error) {
    const lines = (error as { stderr?: string }).stderr?.trim().split('\n');
    return { missing: lines?.at(-1) || 'unknown' };
  }
}

/** A DynamoDB Local of its own, in memory. */
export async function startDynamoDbLocal(jars: string): Promise<Engine> {
  const port = await freePort();
  const child = spawn(
    'java',
    [
      '-Xmx512m',
      '-DDDB_LOCAL_TELEMETRY=0',
      `-Djava.library.path=${jars}`,
      '-cp',
      `${jars}/*`,
      'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
      '-inMemory',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    { stdio: 'ignore' },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('DynamoDB Local did not start within a minute');
    if ((await fetch(endpoint).catch(() => null)) !== null) break;
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

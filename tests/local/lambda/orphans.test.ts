import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openLambda } from '../../../local/lambda/openLambda.ts';
import { behaviours } from './behaviours.ts';
import { functionFolder } from './functionFolder.ts';

const script = fileURLToPath(new URL('holdLambdaProcess.ts', import.meta.url));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it.each([
  'idle',
  'sleeping',
  'looping',
])('a sandbox that is %s ends when its parent is killed', async (what) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-lambda-'));
  const { codeFolder } = functionFolder('f', behaviours);
  const parent = spawn(process.execPath, [script, folder, codeFolder, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(parent);
  const pid = await new Promise<number>((resolve) => {
    createInterface(parent.stdout!).once('line', (line) => resolve(Number(line)));
  });
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 3_000 }).toBe(false);
  // What the sandbox left behind goes at the next start.
  expect(readdirSync(join(folder, 'tmp'))).toHaveLength(1);
  await openLambda({ folder, endpointUrl: () => 'http://127.0.0.1:1' }).close();
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
});

it('every sandbox has a temporary folder of its own, which goes with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-lambda-'));
  const lambda = openLambda({ folder, endpointUrl: () => 'http://127.0.0.1:1' });
  for (const isolation of ['worker', 'process'] as const)
    lambda.register(functionFolder(isolation, behaviours, { isolation }));
  const { signal } = new AbortController();
  const folders = await Promise.all(
    ['worker', 'process', 'process'].map(
      async (name) => await lambda.invoke(name, { do: 'temporary' }, { signal }),
    ),
  );
  expect(new Set(folders).size).toBe(3);
  for (const one of folders as string[]) expect(one.startsWith(join(folder, 'tmp'))).toBe(true);
  await lambda.close();
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHome } from '../../local/startHome.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'headgate-home-')), 'home');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** Another process that holds the home and says so. */
async function holder(): Promise<ChildProcess> {
  const program = `
    const { openHome } = await import(${JSON.stringify(join(process.cwd(), 'local/startHome.ts'))});
    openHome(${JSON.stringify(folder)}).announce('http://127.0.0.1:1');
    // Nothing of it is in use any more but its lock.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the holder ended early')));
  });
  return child;
}

describe('a home folder', () => {
  it('is refused to a second process, which is told who has it and what to do', async () => {
    const child = await holder();
    expect(() => openHome(folder)).toThrow(
      `${folder} is in use by another Headgate (process ${child.pid}, http://127.0.0.1:1): stop it, or set HEADGATE_HOME to another folder`,
    );
  });

  it('is refused to a second Headgate of the same process', () => {
    const home = openHome(folder);
    expect(() => openHome(folder)).toThrow(/is in use by another Headgate/);
    home.release();
    openHome(folder).release();
  });

  it('is free the moment its process was killed', async () => {
    const child = await holder();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    openHome(folder).release();
  });
});

describe('the admin token', () => {
  it('is made once and kept for its owner’s eyes only', () => {
    const first = openHome(folder);
    first.release();
    expect(statSync(join(folder, 'token')).mode & 0o777).toBe(0o600);
    const second = openHome(folder);
    second.release();
    expect(first.token).toMatch(/^hg_[\w-]{43}$/);
    expect(second.token).toBe(first.token);
  });

  it('that is given is used and not written down', () => {
    const home = openHome(folder, 'given-token-0123456789');
    home.release();
    expect(home.token).toBe('given-token-0123456789');
    expect(() => readFileSync(join(folder, 'token'))).toThrow(/ENOENT/);
  });
});

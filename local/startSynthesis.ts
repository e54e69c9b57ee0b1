import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

import { developmentIssuer } from './lambda/functionEnvironment.ts';

/** What the application is made from. */
const inputs = '{infra,functions,connectors,shared}/**/*.{ts,mjs,json}';
const files = ['cdk.json', 'package-lock.json', 'tsconfig.json'];

/** Cached assemblies that nobody started for this long are removed. */
const keepMilliseconds = 24 * 3600 * 1000;

/** The settings of the embedded Headgate; everything else is as deployed. */
const settings = [
  'stage=local',
  // Sources on this machine may be read.
  'allowedAddresses=127.0.0.0/8,::1/128',
  // Nobody else uses this machine's quota; requests wait instead of being throttled.
  'apiConcurrency=0',
  // The development issuer, whatever port it gets.
  `oidc=${JSON.stringify([
    {
      id: 'development',
      title: 'the development issuer',
      issuer: developmentIssuer,
      clientId: 'headgate',
      tenantClaim: 'tenant',
    },
  ])}`,
];

/**
 * Answers the folder of the synthesised application, made by the same program that a deployment runs, in a
 * process of its own. Kept by a hash of all sources, so that a second start only reads it.
 * It lies inside of the project, so that bundles find DuckDB for this machine in the project's packages.
 * Throws with what the synthesis printed when it fails.
 */
export async function synthesise(root: string, signal: AbortSignal): Promise<string> {
  const caches = join(root, 'node_modules/.cache/headgate');
  const cache = join(caches, 'assemblies');
  mkdirSync(cache, { recursive: true });
  for (let tries = 5; ; tries--) {
    const hash = sourceHash(root);
    const folder = join(cache, hash);
    if (existsSync(join(folder, 'manifest.json'))) {
      const now = new Date();
      utimesSync(folder, now, now);
      return folder;
    }
    removeOld(cache, /./);
    // What a synthesis that was killed left behind.
    removeOld(caches, /^bundles-/);
    const unfinished = `${folder}.${process.pid}-${Date.now()}`;
    try {
      await run(root, unfinished, signal);
      // Sources that changed meanwhile would be kept under a hash that is not theirs.
      if (sourceHash(root) === hash) renameSync(unfinished, folder);
      else if (tries === 0) throw new Error('the sources change faster than they are synthesised');
    } catch (error) {
      // Another process may have made the same meanwhile.
      if (!existsSync(join(folder, 'manifest.json'))) throw error;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
}

function sourceHash(root: string): string {
  const hash = createHash('sha256').update(process.version).update(JSON.stringify(settings));
  const names = [...globSync(inputs, { cwd: root }), ...files].sort();
  for (const name of names) {
    const path = join(root, name);
    if (!existsSync(path)) continue;
    hash.update(`\0${name}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 32);
}

function removeOld(cache: string, names: RegExp): void {
  for (const name of readdirSync(cache)) {
    if (!names.test(name)) continue;
    const path = join(cache, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > keepMilliseconds) rmSync(path, { recursive: true, force: true });
  }
}

async function run(root: string, output: string, signal: AbortSignal): Promise<void> {
  const parameters = settings.flatMap((setting) => ['-c', setting]);
  const child = spawn(
    process.execPath,
    ['infra/app.ts', '--quick', '--output', output, ...parameters],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], signal },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`synthesising the application failed:\n${errors.trim()}`);
}

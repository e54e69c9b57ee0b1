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

/** What a program makes of a part of the project. */
export interface Build {
  /** Of the project. */
  readonly root: string;
  /** Folder of its results among what the project keeps. */
  readonly name: string;
  /** What it is made from: a pattern, and single files, which may be absent. */
  readonly inputs: string;
  readonly files: readonly string[];
  /** What it is made with, besides. */
  readonly settings?: readonly string[];
  /** A file that every result has. */
  readonly holds: string;
  /** Arguments of Node for the program that makes it in a new folder. */
  readonly program: (output: string) => readonly string[];
  /** For messages: "building the console". */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** Results that nobody asked for this long are removed. */
const keepMilliseconds = 24 * 3600 * 1000;
const mostTries = 6;

/**
 * Answers the folder of a build's result, made by a process of its own and kept by a hash of all it is made from, so
 * that it is made once. It lies inside of the project, among its packages.
 * Throws with what the program printed when it fails.
 */
export async function cachedBuild(build: Build): Promise<string> {
  const { root, name, holds, what } = build;
  const caches = join(root, 'node_modules/.cache/headgate');
  const cache = join(caches, name);
  mkdirSync(cache, { recursive: true });
  for (let tries = 1; ; tries++) {
    const hash = sourceHash(build);
    const folder = join(cache, hash);
    if (existsSync(join(folder, holds))) {
      const now = new Date();
      utimesSync(folder, now, now);
      return folder;
    }
    removeOld(cache, /./);
    // What a program that was killed left behind.
    removeOld(caches, /^bundles-/);
    const unfinished = `${folder}.${process.pid}-${Date.now()}`;
    try {
      await run(build, unfinished);
      // Sources that changed meanwhile would be kept under a hash that is not theirs.
      if (sourceHash(build) === hash) renameSync(unfinished, folder);
      else if (tries === mostTries)
        throw new Error(`${what} failed: its sources change faster than they are read`);
    } catch (error) {
      // Another process may have made the same meanwhile.
      if (!existsSync(join(folder, holds))) throw error;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
}

function sourceHash({ root, inputs, files, settings = [] }: Build): string {
  const hash = createHash('sha256').update(process.version).update(JSON.stringify(settings));
  for (const name of [...globSync(inputs, { cwd: root }), ...files].sort()) {
    const path = join(root, name);
    if (existsSync(path)) hash.update(`\0${name}\0`).update(readFileSync(path));
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

async function run({ root, program, what, signal }: Build, output: string): Promise<void> {
  const child = spawn(process.execPath, program(output), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${what} failed:\n${errors.trim()}`);
}

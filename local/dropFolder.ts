import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../shared/log.ts';

export interface DropFolderOptions {
  /** `<home>/drop`; each folder in it is named after a source's key. */
  readonly folder: string;
  /** Puts a file into the source's landing prefix. False when there is no such source. */
  readonly land: (sourceKey: string, name: string, path: string) => Promise<boolean>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A file that is still being written changes within this time. */
const settleMilliseconds = 700;

/**
 * The laptop's drop folder: whatever is put into `<folder>/<source key>/` is copied to the landing bucket, where
 * it takes the same way as a file that was dropped into S3. A file is landed again when it changed. What was
 * landed is remembered in `<folder>/.landed.json`, so that a restart finds what came meanwhile and nothing else.
 */
export async function watchDropFolder(options: DropFolderOptions): Promise<void> {
  const { folder, log, signal } = options;
  await mkdir(folder, { recursive: true });
  const memory = join(folder, '.landed.json');
  const landed = await readMemory(memory);
  let wanted = true;
  const watcher = watch(folder, { recursive: true, signal }, () => {
    wanted = true;
  });
  watcher.on('error', (error) => {
    if (error.name !== 'AbortError') log.warn('the drop folder cannot be watched', { error });
  });
  while (!signal.aborted) {
    if (wanted) {
      wanted = false;
      try {
        if (await landChanged(options, landed)) {
          await writeFile(`${memory}.new`, JSON.stringify(Object.fromEntries(landed)));
          await rename(`${memory}.new`, memory);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn('a dropped file could not be landed', { error });
        wanted = true;
      }
    }
    await sleep(300, undefined, { signal }).catch(() => {});
  }
}

async function readMemory(path: string): Promise<Map<string, string>> {
  try {
    return new Map(
      Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, string>),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Lands every new or changed file; answers whether there was one. */
async function landChanged(
  { folder, land, log, signal }: DropFolderOptions,
  landed: Map<string, string>,
): Promise<boolean> {
  let changed = false;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const path = join(entry.parentPath, entry.name);
    const [sourceKey = '', ...name] = relative(folder, path).split(sep);
    if (name.length === 0) continue;
    const version = await versionOf(path);
    if (landed.get(path) === version) continue;
    await sleep(settleMilliseconds, undefined, { signal });
    if ((await versionOf(path)) !== version)
      return landChanged({ folder, land, log, signal }, landed);
    const known = await land(sourceKey, name.join('/'), path);
    log.info(
      known ? 'dropped file landed' : 'a file was dropped for a source that does not exist',
      {
        source: sourceKey,
        file: name.join('/'),
      },
    );
    landed.set(path, version);
    changed = true;
  }
  return changed;
}

async function versionOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size}:${mtimeMs}`;
}

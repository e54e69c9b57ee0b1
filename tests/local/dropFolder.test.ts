import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchDropFolder } from '../../local/dropFolder.ts';
import { createLog } from '../../shared/log.ts';
import { eventually } from '../eventually.ts';

let folder: string;
let abort: AbortController;
const watched: Promise<void>[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-drop-'));
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await Promise.all(watched.splice(0));
  rmSync(folder, { recursive: true, force: true });
});

function watching(): { readonly landed: string[]; readonly done: Promise<void> } {
  const landed: string[] = [];
  const done = watchDropFolder({
    folder,
    land: async (key, name) => {
      landed.push(`${key}/${name}`);
      return true;
    },
    log: createLog(() => {}),
    signal: abort.signal,
  });
  watched.push(done);
  return { landed, done };
}

it('lands a file once, and again only when it changed', async () => {
  const { landed } = watching();
  mkdirSync(join(folder, 'orders/2026'), { recursive: true });
  writeFileSync(join(folder, 'orders/2026/a.csv'), 'id\n1\n');
  await eventually(() => expect(landed).toEqual(['orders/2026/a.csv']));
  writeFileSync(join(folder, 'orders/2026/a.csv'), 'id\n1\n2\n');
  await eventually(() => expect(landed).toHaveLength(2));
});

it('finds after a restart what was dropped meanwhile, and nothing else', async () => {
  mkdirSync(join(folder, 'orders'), { recursive: true });
  writeFileSync(join(folder, 'orders/a.csv'), 'id\n1\n');
  const before = watching();
  await eventually(() => expect(before.landed).toEqual(['orders/a.csv']));
  await new Promise((resolve) => setTimeout(resolve, 200));
  abort.abort();
  await before.done;
  writeFileSync(join(folder, 'orders/b.csv'), 'id\n1\n');
  abort = new AbortController();
  const after = watching();
  await eventually(() => expect(after.landed).toEqual(['orders/b.csv']));
});

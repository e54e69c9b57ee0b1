import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { synthesise } from '../../local/startSynthesis.ts';

let root: string;
const signal = new AbortController().signal;

/** A project whose synthesis writes a manifest, notes that it ran, and does what else it is told. */
const program = (rest = ''): string => `
  import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
  const output = process.argv[process.argv.indexOf('--output') + 1];
  appendFileSync('ran', 'x');
  ${rest}
  mkdirSync(output, { recursive: true });
  writeFileSync(output + '/manifest.json', JSON.stringify(process.argv.slice(2)));
`;
const ran = (): number => readFileSync(join(root, 'ran'), 'utf8').length;
const kept = (): readonly string[] =>
  readdirSync(join(root, 'node_modules/.cache/headgate/assemblies'));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-root-'));
  mkdirSync(join(root, 'infra'));
  mkdirSync(join(root, 'shared'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'infra/app.ts'), program());
  writeFileSync(join(root, 'shared/one.ts'), 'export const one = 1;\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the synthesised application', () => {
  it('is made once and kept while no source changes', async () => {
    const first = await synthesise(root, signal);
    expect(await synthesise(root, signal)).toBe(first);
    expect(ran()).toBe(1);
    expect(JSON.parse(readFileSync(join(first, 'manifest.json'), 'utf8'))).toEqual(
      expect.arrayContaining(['--quick', 'stage=local', 'allowedAddresses=127.0.0.0/8,::1/128']),
    );
  });

  it.each([
    [
      'another source changes',
      () => writeFileSync(join(root, 'shared/one.ts'), 'export const one = 2;\n'),
    ],
    ['a source is added', () => writeFileSync(join(root, 'shared/two.ts'), '')],
    ['a source moves', () => writeFileSync(join(root, 'cdk.json'), '{}')],
  ])('is made anew when %s', async (_, change) => {
    const first = await synthesise(root, signal);
    change();
    expect(await synthesise(root, signal)).not.toBe(first);
    expect(ran()).toBe(2);
  });

  it('is made of the sources as they are in the end, when they change meanwhile', async () => {
    writeFileSync(
      join(root, 'infra/app.ts'),
      program(
        "const { existsSync } = await import('node:fs'); if (!existsSync('shared/late.ts')) writeFileSync('shared/late.ts', '');",
      ),
    );
    const made = await synthesise(root, signal);
    expect(ran()).toBe(2);
    expect(await synthesise(root, signal)).toBe(made);
    expect(ran()).toBe(2);
    expect(kept()).toHaveLength(1);
  });

  it('is whole for each of two that start at the same time', async () => {
    const folders = await Promise.all([synthesise(root, signal), synthesise(root, signal)]);
    expect(new Set(folders).size).toBe(1);
    expect(existsSync(join(folders[0], 'manifest.json'))).toBe(true);
    expect(kept()).toHaveLength(1);
  });

  it('is not there when it failed, which says why', async () => {
    appendFileSync(join(root, 'infra/app.ts'), "throw new Error('the template is wrong');");
    await expect(synthesise(root, signal)).rejects.toThrow(
      /synthesising.*failed:[\s\S]*the template is wrong/,
    );
    expect(kept()).toEqual([]);
  });

  it('is given up when the start is', async () => {
    writeFileSync(
      join(root, 'infra/app.ts'),
      program('await new Promise((r) => setTimeout(r, 60_000));'),
    );
    const giveUp = new AbortController();
    const making = synthesise(root, giveUp.signal);
    while (!existsSync(join(root, 'ran'))) await new Promise((resolve) => setTimeout(resolve, 20));
    giveUp.abort();
    await expect(making).rejects.toThrow();
    expect(kept()).toEqual([]);
  });

  it('is removed a day after the last start that used it', async () => {
    const first = await synthesise(root, signal);
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    utimesSync(first, yesterday, yesterday);
    // Used: young again.
    await synthesise(root, signal);
    writeFileSync(join(root, 'shared/two.ts'), '');
    const second = await synthesise(root, signal);
    expect(kept()).toHaveLength(2);
    utimesSync(first, yesterday, yesterday);
    writeFileSync(join(root, 'shared/three.ts'), '');
    await synthesise(root, signal);
    expect(existsSync(first)).toBe(false);
    expect(existsSync(second)).toBe(true);
  });
});

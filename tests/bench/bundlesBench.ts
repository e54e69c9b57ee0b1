import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundleFunctions } from '../../infra/bundle/bundleFunctions.ts';
import { type EntryName, entryNames } from '../../infra/bundle/entries.ts';
import { functionEnv } from '../../shared/env.ts';
import { type BenchResult, median } from './figures.ts';

const imports = 3;
/** What talks to a source, or is heavy and native: nothing that answers a person may wait for it. */
const heavy =
  /node_modules\/(pg|pg-copy-streams|pg-cursor|mysql2|ssh2|@platformatic\/kafka|@duckdb\/[^/]+)\//;
const answersPeople = (name: EntryName): boolean => /^(api|authorizer|webSocket)/.test(name);

/** A value for each variable of any function, so that its module can be imported whole. */
const environment = Object.fromEntries(
  Object.values(functionEnv)
    .flatMap(({ shape }) => Object.keys(shape))
    .filter((name) => name !== 'VENDOR_ORIGINS')
    .map((name) => [name, plausible(name)]),
);
function plausible(name: string): string {
  if (name === 'OIDC_PROVIDERS') return '[]';
  if (/_URL$/.test(name)) return 'https://example.com';
  return /BYTES|FILES|CONCURRENCY|MEMORY/.test(name) ? '1769' : 'bench';
}

const importScript = `
  const before = performance.now();
  let stopped = '';
  try { await import(process.argv[1]); } catch (error) { stopped = error.message.split('\\n')[0]; }
  console.log(JSON.stringify({ milliseconds: performance.now() - before, stopped }));
  process.exit(0);`;

/**
 * Size of every function's bundle, as it is and compressed, and how long a process of its own takes to import it: what a
 * cold start pays before any work. Misses when a function that answers people brings a driver.
 */
export async function bundlesBench(): Promise<BenchResult> {
  const root = process.cwd();
  // Inside the project, so that DuckDB is found beside it as in the deployed package.
  const folder = join(root, 'cdk.out/bench-bundles');
  try {
    const { bundles, metafile } = await bundleFunctions(root, folder);
    const rows: {
      name: EntryName;
      bytes: number;
      packed: number;
      milliseconds: number;
      stopped: string;
    }[] = [];
    const missed: string[] = [];
    for (const name of entryNames) {
      const bundle = bundles.get(name);
      const [file = ''] = bundle?.handler.split('.') ?? [];
      const path = join(bundle?.folder ?? '', `${file}.mjs`);
      const code = readFileSync(path);
      const times = [];
      for (let time = 0; time < imports; time += 1) times.push(await importOnce(path));
      rows.push({
        name,
        bytes: code.length,
        packed: gzipSync(code).length,
        milliseconds: median(times.map(({ milliseconds }) => milliseconds)),
        stopped: times[0]?.stopped ?? '',
      });
      const output = Object.entries(metafile.outputs).find(([each]) =>
        each.endsWith(`/${file}.mjs`),
      );
      const drivers = new Set(
        Object.keys(output?.[1].inputs ?? {}).flatMap((input) => heavy.exec(input)?.[1] ?? []),
      );
      if (answersPeople(name) && drivers.size > 0)
        missed.push(`the bundle of ${name} holds ${[...drivers].join(', ')}`);
      if (answersPeople(name) && bundle?.native === true)
        missed.push(`the bundle of ${name} imports DuckDB`);
    }
    rows.sort((left, right) => right.bytes - left.bytes);
    const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KB`.padStart(8);
    return {
      title: `Bundles of ${rows.length} functions, largest first: size, gzip, import (median of ${imports})`,
      figures: rows.map(({ name, bytes, packed, milliseconds, stopped }) => ({
        what: name,
        value: `${kilobytes(bytes)} ${kilobytes(packed)} ${`${Math.round(milliseconds)} ms`.padStart(7)}${stopped === '' ? '' : `  stopped: ${stopped}`}`,
      })),
      missed,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function importOnce(
  path: string,
): Promise<{ readonly milliseconds: number; readonly stopped: string }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', importScript, path],
    {
      env: {
        ...environment,
        PATH: process.env['PATH'],
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
      },
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as {
    milliseconds: number;
    stopped: string;
  };
}

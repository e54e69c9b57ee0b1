import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import localFiles from '../../../connectors/local_files.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import { temporaryFolder } from '../../local/temporaryFolder.ts';
import { type Randomness, seeded } from '../../randomness.ts';
import { dialects, randomCsv } from '../formats/ranges/randomCsv.ts';
import { comparable, type FanOutWorld, fanOutWorld, type Row } from './fanOutWorld.ts';

const portions = { minBytes: 1500, unitBytes: 1000, minFiles: 6, filesPerUnit: 4 };

let parts: FanOutWorld;
let whole: FanOutWorld;
beforeAll(async () => {
  [parts, whole] = await Promise.all([
    fanOutWorld({ connector: localFiles, fanOut: portions }),
    fanOutWorld({ connector: localFiles }),
  ]);
});
afterAll(async () => {
  await parts[Symbol.asyncDispose]();
  await whole[Symbol.asyncDispose]();
});

interface Loaded {
  readonly run: RunItem;
  readonly rows: readonly string[];
  readonly rejects: readonly Row[];
  readonly types: readonly string[];
  readonly units: number;
  readonly commits: number;
}

async function load(
  world: FanOutWorld,
  batches: readonly Readonly<Record<string, string | Uint8Array>>[],
  config: Parameters<FanOutWorld['addSource']>[0] = {},
): Promise<Loaded> {
  const source = await world.addSource(config);
  let run: RunItem | null = null;
  const before = world.calls.length;
  for (const [index, files] of batches.entries()) {
    await world.land(source, files, index > 0);
    run = await world.run(source);
  }
  if (run?.error?.code === 'internal_error')
    expect.unreachable(world.logged.filter((line) => /"level":"error"/.test(line)).join('\n'));
  const calls = world.calls.slice(before);
  const stream = await world.stream(source);
  return {
    run: run as RunItem,
    rows: comparable(await world.rows(source)),
    rejects: await world.rejects(source),
    types: (stream?.schema ?? []).map(({ name, type }) => `${name} ${type}`),
    units: calls.filter(({ payload }) => payload['op'] === 'unit').length,
    commits: calls.filter(({ name }) => name === 'commit').length,
  };
}

/** Loads the same in parts and in one go, and expects the same of both. */
async function same(
  batches: readonly Readonly<Record<string, string | Uint8Array>>[],
  context: string,
  config: Parameters<FanOutWorld['addSource']>[0] = {},
): Promise<{ readonly inParts: Loaded; readonly inOne: Loaded }> {
  const [inParts, inOne] = await Promise.all([
    load(parts, batches, config),
    load(whole, batches, config),
  ]);
  const told = (loaded: Loaded) => ({
    status: loaded.run.status,
    error: loaded.run.error?.message,
    result: loaded.run.result,
    counts: loaded.run.counts,
    rows: loaded.rows.length,
    rejects: loaded.rejects,
    types: loaded.types,
  });
  expect(told(inParts), context).toEqual(told(inOne));
  // All of them at once would make an unreadable message.
  const at = inOne.rows.findIndex((row, index) => row !== inParts.rows[index]);
  expect(inParts.rows[at], context).toEqual(inOne.rows[at]);
  expect(inOne.units).toBe(0);
  return { inParts, inOne };
}

const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');

describe('a large text file', () => {
  it('is loaded in parts row by row and reject by reject as in one go, however it is quoted', async () => {
    const random = seeded('CSV in parts');
    let shared = 0;
    for (let round = 0; round < 4; round++) {
      const dialect = random.pick(dialects);
      const columns = 2 + random.below(3);
      const header = Array.from({ length: columns }, (_, n) => `c${n}`).join(dialect.delimiter);
      const body = randomCsv(random, {
        dialect,
        columns,
        rows: 150,
        flaws: random.pick([0, 0.01, 0.02]),
      });
      const text = `${random.chance(0.3) ? '\ufeff' : ''}${header}\n${body}`;
      const { inParts } = await same([{ 'a.csv': text }], `SEED=${random.seed} round ${round}`);
      if (inParts.units > 3) shared++;
    }
    expect(shared).toBeGreaterThan(1);
  }, 180_000);

  it('has the types of all its values, wherever they are', async () => {
    const csv = `id,late,mixed,when\n${lines(100, (n) => `${n},${n === 97 ? 'x' : n},${n === 50 ? '1.25' : n},2024-01-0${1 + (n % 9)}${n === 70 ? ' 10:00:00' : ''}`)}`;
    const { inParts } = await same([{ 'a.csv': csv }], 'types');
    expect(inParts.types.slice(0, 4)).toEqual([
      'id long',
      'late string',
      'mixed decimal(18, 2)',
      'when timestamp',
    ]);
    expect(inParts.commits).toBeGreaterThan(2);
  });

  it('may be JSON lines, whose keys come anywhere', async () => {
    const jsonl = lines(80, (n) =>
      n === 40
        ? '{"broken":'
        : JSON.stringify({ id: n, ...(n > 60 ? { late: `é${n}` } : {}), nested: { n } }),
    );
    const { inParts } = await same([{ 'a.jsonl': jsonl }], 'jsonl');
    expect(inParts.units).toBeGreaterThan(3);
    expect(inParts.rejects).toMatchObject([{ line: '41' }]);
  });

  it('is loaded under the contract and the rules of its source', async () => {
    const first = { 'a.csv': 'id,v\n1,1\n2,2\n' };
    const later = `id,v,new\n${lines(150, (n) => `${n},${n % 40 === 7 ? 'x' : n},${n % 50 === 9 ? 'y' : ''}`)}`;
    for (const contract of ['discard_row', 'discard_value', 'freeze'] as const) {
      const { inParts } = await same([first, { 'b.csv': later }], contract, { contract });
      if (contract === 'discard_row') expect(inParts.rejects.length).toBeGreaterThan(3);
      if (contract === 'freeze')
        expect(inParts.run).toMatchObject({ error: { code: 'schema_frozen' } });
    }
    const jsonl = lines(80, (n) =>
      JSON.stringify({ id: n, person: { name: `n${n}`, ...(n > 60 ? { age: n } : {}) } }),
    );
    const files = { masks: { 'person.name': 'redact' }, nested: 'flatten' } as const;
    const { inParts } = await same([{ 'a.jsonl': jsonl }], 'rules', { streams: { files } });
    expect(inParts.types).toContain('person_age long');
    expect(inParts.rows.every((row) => row.includes('REDACTED'))).toBe(true);
  });

  it('is read in one go where its quotes, its encoding or its compression leave doubt', async () => {
    const body = (cell: string): string => `id,name\n${lines(300, (n) => `${n},${cell}`)}`;
    for (const [name, bytes] of Object.entries({
      'open.csv': `${body('abc')}301,"never closed\n302,x\n`,
      'latin.csv': Buffer.from(`${body('abc')}301,caf\xe9\n`, 'latin1'),
      'utf16.csv': Buffer.from(`\ufeff${body('é')}`, 'utf16le'),
      'packed.csv.gz': gzipSync(Buffer.from(lines(3000, () => `${Math.random()},1`)), { level: 0 }),
      'array.json': JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, x: 'y' }))),
    }))
      await same([{ [name]: bytes }], name);
  });

  it('fails as it does in one go when a byte of it is no text, or no row of it is one', async () => {
    const bad = Buffer.from(`id,name\n${lines(300, (n) => `${n},é`)}`);
    bad[bad.length - 100] = 0xff;
    const { inParts } = await same([{ 'bad.csv': bad }], 'bad byte');
    expect(inParts.run).toMatchObject({ status: 'failed', error: { code: 'file_unreadable' } });
    const ragged = `a,b,c\n${lines(300, () => 'only one')}`;
    await same([{ 'ragged.csv': ragged }], 'ragged');
  });

  it('takes the place of its earlier version', async () => {
    const version = (value: string): string => `id,v\n${lines(200, (n) => `${n},${value}`)}`;
    const { inParts } = await same(
      [{ 'a.csv': version('old'), 'b.csv': 'id,v\n1,kept\n' }, { 'a.csv': version('new') }],
      'replace',
    );
    expect(inParts.rows).toHaveLength(201);
  });

  it('is loaded once, however often the same bytes come', async () => {
    const csv = `id,v\n${lines(300, (n) => `${n},x`)}`;
    const { inParts } = await same([{ 'a.csv': csv }, { 'b.csv': csv }], 'same bytes');
    expect(inParts.rows).toHaveLength(300);
    expect(inParts.units).toBeGreaterThan(6);
  });

  it('changes the types of a table that has rows', async () => {
    const { inParts } = await same(
      [
        { 'a.csv': 'id,v\n1,1\n2,2\n' },
        { 'b.csv': `id,v\n${lines(300, (n) => `${n},${n === 250 ? 'text' : n}`)}` },
      ],
      'retyped',
    );
    expect(inParts.types[1]).toBe('v string');
  });
});

describe('many files', () => {
  /** The first has rows: a column without any value is text, whoever comes to it first. */
  const many = (random: Randomness, count: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, file) => [
        `f${String(file).padStart(3, '0')}.csv`,
        `id,v${file > 0 && random.chance(0.1) ? ',extra' : ''}\n${lines(
          file === 0 ? 3 : random.below(5),
          (n) => `${n},${random.chance(0.05) ? 'text' : file}`,
        )}`,
      ]),
    );

  it('dropped at once are loaded by a few units, in one commit', async () => {
    const random = seeded('many files');
    const files = { ...many(random, 18), 'f100.csv': 'id,v\n1,"open\n', 'f101.csv': '' };
    const { inParts } = await same([files], `SEED=${random.seed}`);
    expect(inParts.units).toBeGreaterThanOrEqual(5);
    expect(inParts.run.committedSeq).toBe(1);
  });

  it('are remembered as loaded, each with what became of it', async () => {
    const source = await parts.addSource();
    await parts.land(
      source,
      Object.fromEntries(
        Array.from({ length: 10 }, (_, n) => [`${n}.csv`, n === 4 ? '' : `id\n${n}\n`]),
      ),
    );
    const run = await parts.run(source);
    expect(run.status).toBe('partial');
    expect(run.streams['files']?.error?.message).toContain('4.csv');
    const again = await parts.run(source);
    expect(again.counts.read).toBe(0);
    expect(await parts.rows(source)).toHaveLength(9);
  });
});

describe('a Parquet file', () => {
  const parquet = async (sql: string): Promise<Uint8Array> => {
    const path = join(temporaryFolder(), 'made.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
    connection.closeSync();
    instance.closeSync();
    return readFileSync(path);
  };

  it('is loaded by its row groups', async () => {
    const bytes = await parquet(
      `SELECT i AS id, 'name ' || i AS name, CASE WHEN i % 7 = 0 THEN NULL ELSE i / 3 END AS part,
         {'a': i} AS nested FROM range(12000) r(i)`,
    );
    const { inParts } = await same([{ 'a.parquet': bytes }], 'parquet');
    expect(inParts.units).toBe(6);
    expect(inParts.rows).toHaveLength(12_000);
  });
});
